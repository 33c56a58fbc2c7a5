"""The visits of one local day, and the figures that follow from them. This module knows nothing about the web."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from edge.census.age_bands import AgeBands
from edge.census.window import CELL_GENDERS, UNKNOWN, Cell, cell_of
from edge.dashboard.localtime import Zone, day_bounds, hours_of
from edge.store import StoredVisit


@dataclass(frozen=True)
class Hour:
    """Visits that ended in ``[start, end)``, unix seconds; ``label`` is the local time of its start, "19:00"."""

    start: float
    end: float
    label: str
    visits: int


@dataclass(frozen=True)
class BandCount:
    """Visits of an age band by gender; ``unknown`` counts those without a gender.

    Visits without an age are in the band "unknown".
    """

    band: str
    female: int
    male: int
    unknown: int

    @property
    def total(self) -> int:
        """All visits of the band."""
        return self.female + self.male + self.unknown


@dataclass(frozen=True)
class Summary:
    """A day in one line. The share of women (0..1) is among visits with a gender. None: there is nothing to average."""

    date: date
    start: float
    end: float
    visits: int
    mean_age: float | None
    female: int
    male: int
    peak: Hour | None

    @property
    def gendered(self) -> int:
        """Visits with a gender."""
        return self.female + self.male

    @property
    def female_share(self) -> float | None:
        """Share of women among the visits with a gender, 0..1."""
        return self.female / self.gendered if self.gendered else None


@dataclass(frozen=True)
class Day:
    """The visits that ended within a local day, oldest first."""

    date: date
    zone: Zone
    bands: AgeBands
    visits: Sequence[StoredVisit]
    excluded: int = 0
    """Visits of staff, which are not among ``visits``."""

    @property
    def start(self) -> float:
        """The local midnight that begins the day, unix seconds."""
        return day_bounds(self.date, self.zone)[0]

    @property
    def end(self) -> float:
        """The local midnight that ends the day, unix seconds."""
        return day_bounds(self.date, self.zone)[1]

    @property
    def version(self) -> str:
        """A text that changes whenever the visits change."""
        newest = max((stored.id for stored in self.visits), default=0)
        return f"{self.date:%Y%m%d}-{len(self.visits)}-{newest}"

    @property
    def ages(self) -> list[float]:
        """Apparent ages in years of the visits that have one."""
        return [stored.visit.age for stored in self.visits if stored.visit.age is not None]

    @property
    def mean_age(self) -> float | None:
        """Mean apparent age in years."""
        ages = self.ages
        return sum(ages) / len(ages) if ages else None

    @property
    def entries(self) -> int:
        """Visits that crossed the entrance line inwards."""
        return sum(stored.visit.direction == "in" for stored in self.visits)

    @property
    def exits(self) -> int:
        """Visits that crossed the entrance line outwards."""
        return sum(stored.visit.direction == "out" for stored in self.visits)

    @cached_property
    def by_hour(self) -> tuple[Hour, ...]:
        """All hours of the day (23 to 25), also those without visits."""
        hours = hours_of(self.start, self.end, self.zone)
        starts = [start for start, _, _ in hours]
        counts = Counter(bisect_right(starts, stored.visit.ended_at) - 1 for stored in self.visits)
        return tuple(Hour(start, end, label, counts[i]) for i, (start, end, label) in enumerate(hours))

    @property
    def peak(self) -> Hour | None:
        """The hour with the most visits; if several have as many, the earliest."""
        busiest = max(self.by_hour, key=lambda hour: hour.visits)
        return busiest if busiest.visits else None

    @cached_property
    def counts(self) -> Counter[Cell]:
        """Visits by cell."""
        return Counter(cell_of(stored.visit, self.bands) for stored in self.visits)

    @cached_property
    def pyramid(self) -> tuple[BandCount, ...]:
        """Visits by age band and gender, youngest first; a last row "unknown" only if a visit has no age."""
        rows = [
            BandCount(band, *(self.counts[band, gender] for gender in CELL_GENDERS))
            for band in (*self.bands.labels, UNKNOWN)
        ]
        return tuple(row for row in rows if row.band != UNKNOWN or row.total)

    @property
    def summary(self) -> Summary:
        """The day in one line, without its visits."""
        female = sum(row.female for row in self.pyramid)
        male = sum(row.male for row in self.pyramid)
        return Summary(self.date, self.start, self.end, len(self.visits), self.mean_age, female, male, self.peak)
