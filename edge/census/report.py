"""The report: visits by local hour, day or week, from the local database."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from statistics import fmean, median

from edge.census.bands import AgeBands
from edge.census.disclosure import possible_cells
from edge.census.occupancy import last_reset, most_inside
from edge.census.periods import Step, boundaries
from edge.census.shares import ShareEstimator, Shares
from edge.census.window import Cell, Window, cell_of
from edge.config.settings import Settings
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.store import Store


@dataclass(frozen=True)
class Row:
    """The visits that ended in ``[start, end)``, local times with their offsets.

    Attributes:
        counts: visits by band and gender; absent is 0.
        entries: crossings inwards and ``exits``, outwards.
        most_inside: the highest occupancy; None without crossings, where nobody was seen leaving, and where single
            visits were already deleted.
        excluded: visits of staff, which are in none of the other numbers.
        mean_age: mean apparent age in years, and ``median_dwell_s`` in seconds. None without such visits, and None
            where single visits were already deleted, so that only windows tell of the period.
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

    @property
    def visits(self) -> int:
        """All visits of the period."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Report:
    """Rows without gaps from the start to the end of the range, and their sum.

    Attributes:
        source: which device counted.
        by: what a row is; the first and the last may be cut by the range.
        cells: all cells that appear, bands rising.
        shares: of the whole range by cell.
    """

    source: str
    by: Step
    rows: tuple[Row, ...]
    total: Row
    cells: tuple[Cell, ...]
    shares: Shares


def report(
    store: Store, start: float, end: float, by: Step, settings: Settings, estimator: ShareEstimator | None = None
) -> Report:
    """Visits that ended in ``[start, end)`` (unix seconds) by ``by``, in the site's local time.

    Counted from single visits; where their retention time has passed, from the windows that are kept longer, each in
    the period in which it began. A range without visits gives rows of zeros. These are the numbers of the device's
    owner: small counts are not withheld. Without an ``estimator`` for the model the shares are raw.

    Raises:
        BadInput: the range is empty or reversed.
    """
    if not start < end:
        raise BadInput("the report's range is empty: its start must be before its end")
    zone, bands = settings.site.zone, AgeBands(settings.census.bands)
    edges = boundaries(start, end, by, zone)
    visits = [stored.visit for stored in store.visits.between(start, end)]
    windows = _windows_before_visits(store, start, end, visits)
    visits_of: list[list[Visit]] = [[] for _ in edges[1:]]
    windows_of: list[list[Window]] = [[] for _ in edges[1:]]
    for visit in visits:
        visits_of[bisect_right(edges, visit.ended_at) - 1].append(visit)
    for window in windows:
        windows_of[bisect_right(edges, window.start) - 1].append(window)

    def excluded(begin: float, finish: float, held: Sequence[Window]) -> int:
        return store.visits.excluded_between(begin, finish) + sum(window.excluded for window in held)

    reset = settings.entrance.reset_time
    crossings = store.visits.crossings_between(last_reset(start, reset, zone), end)
    most = most_inside(crossings, edges, reset, zone)
    rows = tuple(
        _row(begin, finish, visits_of[i], windows_of[i], bands, zone, most[i], excluded(begin, finish, windows_of[i]))
        for i, (begin, finish) in enumerate(pairwise(edges))
    )
    (highest,) = most_inside(crossings, [start, end], reset, zone)
    total = _row(start, end, visits, windows, bands, zone, highest, excluded(start, end, windows))
    known = possible_cells(bands, settings.census.no_gender_below)
    # Windows closed under other settings may have other bands.
    other = sorted(set(total.counts).difference(known))
    cells = (*known, *other)
    estimator = estimator or ShareEstimator()
    by_band = windows or estimator.known is None
    counts = {cell: total.counts.get(cell, 0) for cell in cells}
    shares = estimator.of_counts(counts) if by_band else estimator.of_visits(visits)
    return Report(settings.site.source, by, rows, total, cells, shares)


def _windows_before_visits(store: Store, start: float, end: float, visits: Sequence[Visit]) -> list[Window]:
    """Windows of the range from before the oldest visit that is still stored: what those hold is in no stored visit."""
    oldest = visits[0].ended_at if visits else end
    oldest_of_all = store.visits.oldest() or end
    windows = [
        window
        for window in store.windows.between(start, oldest)
        if window.start >= start and (window.visits or (window.excluded and window.end <= oldest_of_all))
    ]
    # Visits from before the range mean that nothing of the range was deleted yet; such a window then holds visits
    # that ended before the range and were counted late. Asked last, because it may read many rows.
    return windows if windows and not store.visits.between(0.0, start) else []


def _row(
    start: float,
    end: float,
    visits: Sequence[Visit],
    windows: Sequence[Window],
    bands: AgeBands,
    zone: tzinfo | None,
    highest: int | None,
    excluded: int,
) -> Row:
    counts = Counter(cell_of(visit, bands) for visit in visits)
    for window in windows:
        counts.update(window.counts)
    ages = [visit.age for visit in visits if visit.age is not None]
    # A mean over the part of a period whose visits are left would pass for one over the whole of it.
    whole = not windows
    return Row(
        _local(start, zone),
        _local(end, zone),
        dict(counts),
        entries=sum(visit.direction == "in" for visit in visits) + sum(window.entries for window in windows),
        exits=sum(visit.direction == "out" for visit in visits) + sum(window.exits for window in windows),
        most_inside=highest if whole else None,
        excluded=excluded,
        mean_age=fmean(ages) if ages and whole else None,
        median_dwell_s=median(visit.dwell_s for visit in visits) if visits and whole else None,
    )


def _local(moment: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(moment, zone).astimezone(zone)
