"""A window: the visits that were counted between two moments, as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge.census.age_bands import AgeBands
from edge.counting.visit import Visit
from edge.labels import GENDERS

UNKNOWN = "unknown"
CELL_GENDERS = (*GENDERS, UNKNOWN)
Cell = tuple[str, str]
"""Band label (or "unknown") and one of CELL_GENDERS."""


@dataclass(frozen=True)
class Traffic:
    """Number of frames in a window: those that were processed, and those that were dropped because the machine was
    busy.
    """

    frames: int = 0
    dropped: int = 0

    @property
    def dropped_ratio(self) -> float:
        """Share of the camera's frames that were dropped, 0..1."""
        total = self.frames + self.dropped
        return self.dropped / total if total else 0.0


@dataclass(frozen=True)
class Window:
    """Numbers of the visits that were counted in ``[start, end)`` (unix seconds, UTC)."""

    start: float
    end: float
    counts: dict[Cell, int] = field(default_factory=dict)
    entries: int = 0
    exits: int = 0
    dwell_s: tuple[float, float, float] | None = None
    """10 %, 50 % and 90 % quantiles of the dwell time in seconds; None without visits."""
    traffic: Traffic = Traffic()
    excluded: int = 0
    """Number of visits by staff, which are in none of the numbers above."""

    @property
    def visits(self) -> int:
        """Number of all visits of the window, without those of staff."""
        return sum(self.counts.values())


def cell_of(visit: Visit, bands: AgeBands) -> Cell:
    """The cell (band and gender) in which a visit counts."""
    band = UNKNOWN if visit.age is None else bands.label(visit.age)
    return band, visit.gender or UNKNOWN


def tally(start: float, end: float, visits: Iterable[Visit], bands: AgeBands, traffic: Traffic | None = None) -> Window:
    """Count ``visits`` into a window. Each visit counts in exactly one cell, or as excluded."""
    everyone = list(visits)
    visits = [visit for visit in everyone if not visit.excluded]
    dwell = [visit.dwell_s for visit in visits]
    quantiles = np.quantile(dwell, (0.1, 0.5, 0.9)) if dwell else None
    return Window(
        start,
        end,
        dict(Counter(cell_of(visit, bands) for visit in visits)),
        entries=sum(visit.direction == "in" for visit in visits),
        exits=sum(visit.direction == "out" for visit in visits),
        dwell_s=None if quantiles is None else (float(quantiles[0]), float(quantiles[1]), float(quantiles[2])),
        traffic=traffic or Traffic(),
        excluded=len(everyone) - len(visits),
    )
