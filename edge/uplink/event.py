"""The CloudEvent of a closed window. Its shape is published as docs/schema/census-window-v1.json."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from edge.census.age_bands import AgeBands
from edge.census.shares.estimator import ShareEstimator, Shares
from edge.census.shares.label_shift import INTERVAL_LEVEL
from edge.census.suppression import Disclosed, disclose, possible_cells
from edge.census.window import Cell, Window
from edge.config.settings import Settings
from edge.system.clock import ClockQuality

TYPE = "io.maitred.census.window.v1"


@dataclass(frozen=True)
class ModelIdentity:
    """Which model estimated age and gender; ``sha256`` is that of the bundle file, in hexadecimal."""

    name: str
    version: str
    sha256: str

    @property
    def label(self) -> str:
        """Name and version, for people."""
        return f"{self.name} {self.version}"


def census_event(
    window: Window,
    settings: Settings,
    model: ModelIdentity,
    clock: ClockQuality = "unknown",
    dropped: int = 0,
    estimator: ShareEstimator | None = None,
) -> tuple[str, str]:
    """Id and body of the event of ``window``, a CloudEvents 1.0 JSON document after small-cell suppression.

    Without an ``estimator`` for the model its shares are raw.

    This is called once, in the transaction that closes the window. The outbox keeps both, so every retry sends the same
    text. The id is random. If it were derived from device and window, the same id would come with other content when
    the same quarter of an hour is closed again after the card was replaced or the database deleted, and the cloud would
    drop the event as a duplicate. An id of a transaction that was rolled back was never sent. ``dropped`` counts the
    events that the outbox had to drop before this one, so that the cloud knows of the gap.
    """
    event_id = str(uuid.uuid4())
    estimator = estimator or ShareEstimator()
    cells = possible_cells(AgeBands(settings.census.bands), settings.census.no_gender_below)
    disclosed = disclose(window, cells, settings.census.min_cell)
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": settings.site.source,
        "type": TYPE,
        "time": _time(window.end),
        "datacontenttype": "application/json",
        "data": {
            **_data(window, cells, disclosed, estimator.of_disclosed(disclosed), model, clock),
            "dropped_events": dropped,
        },
    }
    return event_id, json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


def _data(
    window: Window,
    cells: tuple[Cell, ...],
    disclosed: Disclosed,
    shares: Shares,
    model: ModelIdentity,
    clock: ClockQuality,
) -> dict[str, Any]:
    # Everything about visits comes from `disclosed`; of the window itself only what is about the device.
    return {
        "window": {"start": _time(window.start), "end": _time(window.end)},
        "clock": clock,
        "visits": disclosed.visits,
        "counts": [
            {"band": band, "gender": gender, "count": disclosed.counts.get((band, gender))} for band, gender in cells
        ],
        "withheld": {
            "min_cell": disclosed.min_cell,
            "cells": len(disclosed.withheld_cells),
            "visits": disclosed.withheld_visits,
        },
        "shares": {
            "method": shares.method,
            "interval": shares.interval,
            "level": INTERVAL_LEVEL,
            "cells": [
                {
                    "band": s.band,
                    "gender": s.gender,
                    "share": _short(s.share),
                    "low": _short(s.low),
                    "high": _short(s.high),
                }
                for s in shares.cells
            ],
        },
        "entries": disclosed.entries,
        "exits": disclosed.exits,
        "dwell_s": (
            None
            if disclosed.dwell_s is None
            else {name: round(value, 1) for name, value in zip(("p10", "p50", "p90"), disclosed.dwell_s, strict=True)}
        ),
        "frames": {"processed": window.traffic.frames, "dropped_ratio": _short(window.traffic.dropped_ratio)},
        "model": asdict(model),
    }


def _short(ratio: float) -> float:
    return round(ratio, 4)


def _time(moment: float) -> str:
    """RFC 3339 in UTC with milliseconds, always 24 characters: sorts as text."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
