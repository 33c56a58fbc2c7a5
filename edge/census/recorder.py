"""What the agent counted, on its way into the store: in batches, window by window, and kept while the store is away."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edge.census.closing import WindowCloser
from edge.census.window import Traffic, Window
from edge.config.settings import Settings
from edge.counting.visit import Visit
from edge.store import StoreDamaged
from edge.store.database import is_damage
from edge.store.store import Event, Store

log = logging.getLogger(__name__)
BATCH_S = 45.0
"""In a rush, visits are written so often. Each write costs a card several pages, however little is written."""
RETRY_S = 10.0
"""A store that took nothing (full, read-only, locked) is tried again so often."""
MOST_WAITING = 50_000
"""Visits that are kept in memory, some 20 MB; beyond, the oldest are given up and counted."""
PRUNE_S = 3600.0


class Recorder:
    """Writes visits and closes windows. A store that fails loses nothing: what it did not take is written later.

    A visit that comes after a quiet time is written at once; in a rush at most BATCH_S later. All methods that write
    raise StoreDamaged if the database is damaged; then :meth:`use` a mended one.
    """

    def __init__(
        self, settings: Settings, store: Store, event_of: Callable[[Window], Event | None], now: float
    ) -> None:
        self._settings = settings
        self._store = store
        self._closer = WindowCloser(settings, event_of, now)
        self._waiting: deque[tuple[Visit, float]] = deque()
        self._lost = 0
        self._written_s = self._pruned_s = self._failed_s = -PRUNE_S
        self.error: str | None = None
        """Why the store takes nothing now."""

    @property
    def waiting(self) -> int:
        """Visits that are in memory only."""
        return len(self._waiting)

    def use(self, store: Store) -> None:
        """Go on with another store."""
        self._store = store
        self._failed_s = -PRUNE_S

    def start(self) -> None:
        """Close what an earlier run left open.

        Raises:
            sqlite3.OperationalError: the store takes nothing; nothing is counted yet, so nothing is lost.
        """
        with self._damage_told():
            self._closer.catch_up(self._store)

    def record(self, visits: Sequence[Visit], at: float) -> None:
        """Visits that were counted ``at`` (unix seconds)."""
        self._waiting.extend((visit, at) for visit in visits)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def tick(self, now: float, now_s: float, total: Traffic, *, last: bool = False) -> bool:
        """Write what is due; returns whether windows were closed.

        Args:
            now: unix seconds.
            now_s: monotonic seconds.
            total: frames since the agent started.
            last: write everything now.
        """
        self._closer.tick(now, total)
        if now_s - self._failed_s < RETRY_S and not last:
            return False
        try:
            with self._damage_told():
                closed = self._write(now_s, last=last)
                self._prune(now, now_s)
        except sqlite3.OperationalError as error:
            self._fail(str(error), now_s)
            return False
        if self.error is not None:
            log.warning("the database takes visits again")
            self.error, self._failed_s = None, -PRUNE_S
        return closed

    def _write(self, now_s: float, *, last: bool) -> bool:
        due = self._closer.due or last
        if self._waiting and (due or now_s - self._written_s >= BATCH_S):
            self._store.record_all(list(self._waiting), self._lost)
            self._waiting.clear()
            self._lost = 0
            self._written_s = now_s
        return bool(self._closer.close_due(self._store))

    def _prune(self, now: float, now_s: float) -> None:
        if now_s - self._pruned_s >= PRUNE_S:
            dropped = self._store.prune(now, self._settings.store)
            self._pruned_s = now_s
            if dropped:
                log.warning("dropped %d events that could not be delivered in time", dropped)

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise StoreDamaged(f"{self._settings.store.path}: {error}") from error
            raise

    def _fail(self, reason: str, now_s: float) -> None:
        if self.error is None:
            log.error("the database takes nothing (%s); visits are kept in memory meanwhile", reason)
        self.error, self._failed_s = reason, now_s
