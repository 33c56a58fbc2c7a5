"""Reads from the database what the pages need. The database is opened read-only for each request."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from edge.census.age_bands import AgeBands
from edge.census.occupancy import Occupancy, last_reset, occupancy
from edge.census.window import Cell, Window
from edge.config.census import Census
from edge.config.entrance import Entrance
from edge.config.site import Site
from edge.counting.heatmap import Heatmap
from edge.counting.placement import VISITS_TO_JUDGE, check_placement
from edge.counting.visit import Visit
from edge.dashboard.day import Day, Summary
from edge.dashboard.localtime import day_bounds, today
from edge.reports.stored_range import StoredRange, without_a_childs_gender
from edge.store import DatabaseRepair, DeadLetter, Health, OutboxState, Store, StoredVisit, StoreError
from edge.store.database import connect
from edge.system.check import Check

NOTHING_SENT = OutboxState(queued=0, delivered=0, rejected=0, dropped=0, last_delivered_at=None, last_error=None)
CHUNK = timedelta(days=31)


@dataclass(frozen=True)
class Now:
    """The content of the store at one moment: ``at`` (unix seconds). ``health`` is None if no agent ever ran."""

    at: float
    day: Day
    health: Health | None
    outbox: OutboxState
    occupancy: Occupancy | None
    """None if no line or zone is configured."""
    placement: Check
    heatmap: Heatmap | None
    mended: DatabaseRepair | None = None
    """The last repair of a damaged database."""
    dead_letters: tuple[DeadLetter, ...] = ()
    """The newest events that the endpoint refused."""
    lost_visits: int = 0
    """Number of visits that were lost because nothing could be written and memory had no room for more."""


@dataclass(frozen=True)
class Span:
    """Consecutive days without their visits: a summary of each, oldest first, and the counts of all of them by cell."""

    summaries: list[Summary]
    counts: Mapping[Cell, int]
    version: str
    """A text that changes whenever the visits change."""


class Reader:
    """Reads the database at ``path``; a database that does not exist yet counts as empty.

    All methods raise StoreError if the database exists but cannot be read.
    """

    def __init__(self, path: Path, site: Site, census: Census, entrance: Entrance) -> None:
        self.path = path
        self._zone = site.zone
        self._entrance = entrance
        self._bands = AgeBands(census.bands)
        self._no_gender_below = census.no_gender_below

    def now(self, at: float) -> Now:
        """Everything about the local day of ``at`` (unix seconds) and about the agent, read at one moment."""
        entrance = self._entrance
        with _opened(self.path) as store:
            day, inside = self._day(store, today(at, self._zone)), self._occupancy(store, at)
            if store is None:
                return Now(at, day, None, NOTHING_SENT, inside, check_placement(entrance, []), None)
            placement = check_placement(entrance, store.entrance.latest_directions(entrance, VISITS_TO_JUDGE))
            health, outbox, heatmap = store.heartbeat.read(), store.outbox.state(), store.entrance.read_heatmap()
            letters = tuple(store.outbox.dead_letters())
            return Now(
                at, day, health, outbox, inside, placement, heatmap, store.last_repair, letters, store.lost_visits
            )

    def heatmap(self) -> Heatmap | None:
        """Where faces appear and disappear; None if no agent ever ran."""
        with _opened(self.path) as store:
            return None if store is None else store.entrance.read_heatmap()

    def day(self, day: date) -> Day:
        """A local day."""
        with _opened(self.path) as store:
            return self._day(store, day)

    def whole_day(self, day: date) -> tuple[Day, StoredRange]:
        """A local day, and everything that is stored of it, also if single visits have been deleted.

        Both are read at one moment.
        """
        with _opened(self.path) as store:
            visits = self._day(store, day)
            windows = [] if store is None else store.windows.emptied_between(*day_bounds(day, self._zone))
            return visits, StoredRange([stored.visit for stored in visits.visits], windows)

    def visits(self, last: date, days: int) -> list[Visit]:
        """All visits of the ``days`` local days up to and including ``last``, oldest first."""
        start, end = day_bounds(last - timedelta(days=days - 1), self._zone)[0], day_bounds(last, self._zone)[1]
        with _opened(self.path) as store:
            return (
                []
                if store is None
                else [each.visit for each in self._without_childrens_gender(store.visits.between(start, end))]
            )

    def span(self, last: date, days: int) -> Span:
        """The ``days`` local days up to and including ``last``."""
        summaries, versions, counts = [], [], Counter[Cell]()
        with _opened(self.path) as store:
            # Day by day: a month of visits at once would cost more memory than the rest of the dashboard.
            for back in reversed(range(days)):
                day = self._day(store, last - timedelta(days=back))
                summaries.append(day.summary)
                versions.append(day.version)
                counts += day.counts
        return Span(summaries, counts, " ".join(versions))

    def last_visits(self, count: int) -> list[StoredVisit]:
        """The newest ``count`` visits of any day, newest first."""
        with _opened(self.path) as store:
            return [] if store is None else self._without_childrens_gender(store.visits.last(count))

    def windows(self, first: date, last: date) -> Generator[Window, None, None]:
        """Closed windows of the local days ``first`` to ``last``, oldest first, read in pieces while iterating."""
        with _opened(self.path) as store:
            while store is not None and first <= last:
                until = min(first + CHUNK, last)
                yield from store.windows.between(day_bounds(first, self._zone)[0], day_bounds(until, self._zone)[1])
                first = until + timedelta(days=1)

    def _day(self, store: Store | None, day: date) -> Day:
        if store is None:
            return Day(day, self._zone, self._bands, [])
        bounds = day_bounds(day, self._zone)
        visits = self._without_childrens_gender(store.visits.between(*bounds))
        return Day(day, self._zone, self._bands, visits, store.visits.excluded_between(*bounds))

    def _occupancy(self, store: Store | None, at: float) -> Occupancy | None:
        if not self._entrance.drawn:
            return None
        since = last_reset(at, self._entrance.reset_time, self._zone)
        crossings = [] if store is None else store.visits.crossings_between(since, at + 1)
        return occupancy((direction for _, direction in crossings), since)

    def _without_childrens_gender(self, visits: list[StoredVisit]) -> list[StoredVisit]:
        below = self._no_gender_below
        return [replace(stored, visit=without_a_childs_gender(stored.visit, below)) for stored in visits]


@contextmanager
def _opened(path: Path) -> Iterator[Store | None]:
    connection = _connect(path)
    if connection is None:
        yield None
        return
    try:
        # All queries of a request see one snapshot, whatever the agent writes meanwhile.
        connection.execute("BEGIN")
        yield Store(connection)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot read the database: {error}") from error
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection | None:
    if not path.exists():
        return None
    try:
        return connect(path, read_only=True)
    except StoreError:
        # The agent has created the file and is about to create the tables.
        if _is_blank(path):
            return None
        raise


def _is_blank(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == 0)
    except sqlite3.Error:
        return False
