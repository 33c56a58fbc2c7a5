"""Writing visits to the store in batches, window by window. While the store fails, they wait in memory."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from edge.agent.window_closer import WindowCloser
from edge.census.window import Traffic
from edge.config.store import Store as StoreSettings
from edge.counting.visit import Visit
from edge.store import StoreDamaged
from edge.store.database import is_damage
from edge.store.store import Store
from edge.store.timestamps import CLOCK_STEP_S
from edge.system.clock import boot_id

log = logging.getLogger(__name__)
RETRY_S = 10.0
"""A store that failed (full, read-only, locked) is tried again after this time."""
MAX_WAITING = 50_000
"""At most this many visits wait in memory, some 20 MB. Then the oldest are given up, and their number is counted."""
PRUNE_S = 3600.0


class VisitRecorder:
    """Writes visits and closes windows. If the store fails, nothing is lost: the visits are written later.

    A visit that comes after a quiet time is written at once; in a rush, at most ``[store] write_every_s`` later. The
    times of new visits are those of the monotonic clock, and are converted to the time of day when they are written. If
    the clock is set later, all visits that are not in a window yet are moved with it. :meth:`tick` raises StoreDamaged
    if the database is damaged; then give a repaired one to :meth:`use_store`.
    """

    def __init__(
        self,
        settings: StoreSettings,
        store: Store,
        closer: WindowCloser,
        without_staff: Callable[[Visit], Visit] = lambda visit: visit,
    ) -> None:
        """Start with ``store``.

        Args:
            settings: how often to write, and when to delete what.
            store: the agent's store.
            closer: closes the windows.
            without_staff: returns a visit (its times are unix seconds) as it is to be stored: excluded if it is one of
                staff.
        """
        self._settings = settings
        self._store: Store | None = store
        self._closer = closer
        self._without_staff = without_staff
        self._boot = boot_id()
        self._offset: float | None = None
        self._waiting: deque[tuple[Visit, float]] = deque()
        self._lost = 0
        self._written_s = self._failed_s = -PRUNE_S
        self._pruned_s: float | None = None
        self.error: str | None = None
        """Why the store cannot be written at the moment, None if it can."""

    @property
    def waiting(self) -> int:
        """Number of visits that are only in memory."""
        return len(self._waiting)

    def use_store(self, store: Store) -> None:
        """Continue with another store."""
        self._store = store
        self._failed_s, self._offset = -PRUNE_S, None

    def go_without_store(self, reason: str) -> None:
        """Continue without a store until :meth:`use_store` is called; visits wait in memory."""
        self._store = None
        self._fail(reason, 0.0)

    def record(self, visits: Sequence[Visit], at_s: float) -> None:
        """Take visits that were counted at ``at_s``. All times are seconds of the monotonic clock."""
        self._waiting.extend((visit, at_s) for visit in visits)
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def tick(self, now: float, now_s: float, total: Traffic, *, trusted: bool = True, last: bool = False) -> bool:
        """Write what is due; returns whether windows were closed.

        Args:
            now: unix seconds.
            now_s: monotonic seconds.
            total: frames since the agent started.
            trusted: whether ``now`` is known to be right. If not, no window is closed and nothing is deleted.
            last: write everything now.
        """
        self._closer.tick(now, total, trusted=trusted)
        if self._store is None or (now_s - self._failed_s < RETRY_S and not last):
            return False
        began = time.monotonic()
        try:
            with self._raising_damage():
                self._follow_clock(self._store, now, now_s)
                closed = self._write(self._store, now, now_s, last=last)
                if trusted:
                    self._prune(self._store, now, now_s)
        except sqlite3.OperationalError as error:
            # If another process had locked the database, time has passed: the pause begins now.
            self._fail(str(error), now_s + time.monotonic() - began)
            return False
        if self.error is not None:
            log.warning("visits can be written to the database again")
            self.error, self._failed_s = None, -PRUNE_S
        return closed

    def _follow_clock(self, store: Store, now: float, now_s: float) -> None:
        offset = now - now_s
        if self._offset is not None and abs(offset - self._offset) <= CLOCK_STEP_S:
            return
        if store.follow_clock(self._boot, offset, now):
            log.warning("the clock was set: visits that are not in a window yet were moved with it")
        self._offset = offset

    def _write(self, store: Store, now: float, now_s: float, *, last: bool) -> bool:
        due = self._closer.due or last
        if self._waiting and (due or now_s - self._written_s >= self._settings.write_every_s):
            store.record_all(self._stamped(), self._lost)
            self._waiting.clear()
            self._lost = 0
            self._written_s = now_s
        return bool(self._closer.close_due(store, now))

    def _stamped(self) -> list[tuple[Visit, float]]:
        """The waiting visits with the time of day, by the same offset that the store remembers; by another one they
        would be moved twice.
        """
        offset = self._offset or 0.0
        dated = (
            (replace(visit, started_at=offset + visit.started_at, ended_at=offset + visit.ended_at), offset + at_s)
            for visit, at_s in self._waiting
        )
        return [(self._without_staff(visit), counted_at) for visit, counted_at in dated]

    def _prune(self, store: Store, now: float, now_s: float) -> None:
        if self._pruned_s is None or now_s - self._pruned_s >= PRUNE_S:
            ran_s = 0.0 if self._pruned_s is None else now_s - self._pruned_s
            dropped = store.prune(now, self._settings, ran_s)
            self._pruned_s = now_s
            if dropped:
                log.warning("dropped %d events that could not be delivered in time", dropped)

    @contextmanager
    def _raising_damage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise StoreDamaged(f"{self._settings.path}: {error}") from error
            raise

    def _fail(self, reason: str, now_s: float) -> None:
        if self.error is None:
            log.error("the database cannot be written (%s); visits are kept in memory meanwhile", reason)
        self.error, self._failed_s = reason, now_s
