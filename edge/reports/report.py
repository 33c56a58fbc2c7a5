"""Reports of visits by local hour, day or week, from the local database."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import pairwise
from statistics import fmean, median

from edge.census.age_bands import AgeBands
from edge.census.occupancy import last_reset, most_inside
from edge.census.periods import Step, boundaries
from edge.census.shares.estimator import ShareEstimator, Shares
from edge.census.suppression import possible_cells
from edge.census.window import Cell, Window
from edge.config.settings import Settings
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.reports.likely_shares import if_enough_visits, likely_shares, why_no_shares
from edge.reports.stored_range import StoredRange
from edge.store import Store


@dataclass(frozen=True)
class Row:
    """The visits that ended in ``[start, end)``, local times with their offsets.

    Attributes:
        counts: visits by band and gender; a cell that is absent has none.
        entries: number of crossings inwards.
        exits: number of crossings outwards.
        most_inside: the highest occupancy; None if there were no crossings, if nobody was seen leaving, and if single
            visits were already deleted.
        excluded: visits of staff, which are not part of any other number.
        mean_age: mean apparent age in years; None if no visit has an age, and if single visits were already deleted, so
            that only windows cover the period.
        median_dwell_s: median dwell time in seconds; None in the same cases.
        likely: corrected shares; None if there are too few visits, or if the model's errors are not known.
    """

    start: datetime
    end: datetime
    counts: dict[Cell, int]
    entries: int
    exits: int
    most_inside: int | None
    excluded: int
    mean_age: float | None
    median_dwell_s: float | None
    likely: Shares | None = None

    @property
    def visits(self) -> int:
        """All visits of the period."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Report:
    """Rows without gaps from the start to the end of the range, and their sum.

    Attributes:
        source: the device that counted.
        by: the period of a row; the range may cut the first and the last one short.
        bands: names of the age bands of the present settings, rising.
        cells: all cells that appear, bands rising.
        shares: shares by cell of the whole range, however few visits there are. For people, use ``total.likely``.
        why_no_shares: why ``total.likely`` is None, in words.
    """

    source: str
    by: Step
    rows: tuple[Row, ...]
    total: Row
    bands: tuple[str, ...]
    cells: tuple[Cell, ...]
    shares: Shares
    why_no_shares: str


def report(
    store: Store,
    start: float,
    end: float,
    by: Step,
    settings: Settings,
    estimator: ShareEstimator | None = None,
    *,
    each: bool = True,
) -> Report:
    """Visits that ended in ``[start, end)`` (unix seconds) by hour, day or week of the site's local time.

    Single visits are counted. Where they are already deleted, the windows, which are kept longer, are counted in the
    period in which they began. A range without visits gives rows of zeros. Small counts are not withheld, because the
    report is for the device's owner. Without an ``estimator`` for the model the shares are raw. Without ``each`` the
    rows have no likely shares, which take time if there are many rows.

    Raises:
        BadInput: the range is empty or reversed.
    """
    if not start < end:
        raise BadInput("the report's range is empty: its start must be before its end")
    zone, bands = settings.site.zone, AgeBands(settings.census.bands)
    edges = boundaries(start, end, by, zone)
    stored = StoredRange.between(store, start, end, settings.census.no_gender_below)
    parts = _split(stored, edges)

    def excluded(begin: float, finish: float, held: Sequence[Window]) -> int:
        return store.visits.excluded_between(begin, finish) + sum(window.excluded for window in held)

    reset = settings.entrance.reset_time
    crossings = store.visits.crossings_between(last_reset(start, reset, zone), end)
    most = most_inside(crossings, edges, reset, zone)
    estimator = estimator or ShareEstimator()
    rows = tuple(
        _row(begin, finish, part, bands, zone, highest, excluded(begin, finish, part.windows))
        for (begin, finish), part, highest in zip(pairwise(edges), parts, most, strict=True)
    )
    if each:
        rows = tuple(
            replace(row, likely=likely_shares(part, estimator, bands)) for row, part in zip(rows, parts, strict=True)
        )
    (highest,) = most_inside(crossings, [start, end], reset, zone)
    total = _row(start, end, stored, bands, zone, highest, excluded(start, end, stored.windows))
    known = possible_cells(bands, settings.census.no_gender_below)
    # Windows closed under other settings may have other bands.
    other = sorted(set(total.counts).difference(known))
    cells = (*known, *other)
    by_band = stored.windows or estimator.confusion is None
    counts = {cell: total.counts.get(cell, 0) for cell in cells}
    shares = estimator.of_counts(counts) if by_band else estimator.of_visits(stored.visits)
    total = replace(total, likely=if_enough_visits(shares, total.counts))
    return Report(
        settings.site.source, by, rows, total, tuple(bands.labels), cells, shares, why_no_shares(total.counts, known)
    )


def _split(stored: StoredRange, edges: Sequence[float]) -> list[StoredRange]:
    """The visits and windows of ``stored`` in each of the periods between ``edges``."""
    visits: list[list[Visit]] = [[] for _ in edges[1:]]
    windows: list[list[Window]] = [[] for _ in edges[1:]]
    for visit in stored.visits:
        visits[bisect_right(edges, visit.ended_at) - 1].append(visit)
    for window in stored.windows:
        windows[bisect_right(edges, window.start) - 1].append(window)
    return [StoredRange(*each) for each in zip(visits, windows, strict=True)]


def _row(
    start: float,
    end: float,
    stored: StoredRange,
    bands: AgeBands,
    zone: tzinfo | None,
    highest: int | None,
    excluded: int,
) -> Row:
    visits, windows = stored.visits, stored.windows
    ages = [visit.age for visit in visits if visit.age is not None]
    # If only a part of the visits is left, a mean of that part would look like the mean of the whole period.
    whole = not windows
    return Row(
        _local(start, zone),
        _local(end, zone),
        stored.counts(bands),
        entries=sum(visit.direction == "in" for visit in visits) + sum(window.entries for window in windows),
        exits=sum(visit.direction == "out" for visit in visits) + sum(window.exits for window in windows),
        most_inside=highest if whole else None,
        excluded=excluded,
        mean_age=fmean(ages) if ages and whole else None,
        median_dwell_s=median(visit.dwell_s for visit in visits) if visits and whole else None,
    )


def _local(moment: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(moment, zone).astimezone(zone)
