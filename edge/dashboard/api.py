"""The JSON that the API answers. Times are unix seconds, ages years, shares 0..1; null is what is not known."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify

from edge.dashboard.day import Day, Summary
from edge.dashboard.reader import Now
from edge.dashboard.status import Status, redacted
from edge.store import StoredVisit
from edge.system.machine import Disk
from edge.system.redaction import redact


def day(value: Day) -> dict[str, Any]:
    """A day with its hours and age bands."""
    return {
        **summary(value.summary),
        "entries": value.entries,
        "exits": value.exits,
        "excluded": value.excluded,
        "hours": [asdict(hour) for hour in value.by_hour],
        "bands": [asdict(row) for row in value.pyramid],
    }


def summary(value: Summary) -> dict[str, Any]:
    """A day in one line."""
    return {**asdict(value), "date": value.date.isoformat(), "female_share": value.female_share}


def visit(stored: StoredVisit) -> dict[str, Any]:
    """A visit. ``age`` is apparent, its interval holds 80 %."""
    values = asdict(stored.visit)
    # No excluded visit is shown, and the model's own interval is for the correction of shares alone.
    del values["excluded"], values["own_interval"]
    return {
        "id": stored.id,
        **values,
        "dwell_s": round(stored.visit.dwell_s, 3),
        "gender": stored.visit.gender,
    }


def health(now: Now, disk: Disk, *, sends: bool) -> dict[str, Any]:
    """The agent's last heartbeat and what follows from it; ``sends``: whether an endpoint or a broker is configured."""
    status = Status(now.health, now.at)
    shown = redacted(now.health)
    error, placed = now.outbox.last_error, now.placement
    return {
        "status": "failing" if status.reasons else "ok",
        "reasons": [redact(reason) for reason in status.reasons],
        "heartbeat_age_s": status.heartbeat_age_s,
        "heartbeat": None if shown is None else asdict(shown),
        "outbox": {**asdict(now.outbox), "last_error": None if error is None else redact(error)},
        "upload": sends,
        "disk": {"free": disk.free, "total": disk.total},
        "entrance": {"verdict": placed.verdict, "found": placed.found, "way_out": placed.way_out},
    }


def verdict(reasons: list[str], status: int = 503) -> Response:
    """200 without ``reasons``, else ``status`` with them."""
    response = jsonify(status="failing" if reasons else "ok", reasons=[redact(reason) for reason in reasons])
    response.status_code = status if reasons else 200
    return response
