"""From finished visits to durable ones, also while the database cannot be written and the clock is not set."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge.clock import boot_id, wall_offset
from edge.counting.visit import Visit
from edge.store.keeper import Keeper
from edge.store.store import Store

MAX_WAITING = 10_000
"""Visits kept in memory while the database cannot be written: days of a busy door in a few megabytes."""


@dataclass(frozen=True)
class _Counted:
    """A visit that was counted at ``at_s``; all its times are those of the monotonic clock."""

    visit: Visit
    at_s: float


class Recorder:
    """Writes visits as soon as they are counted; where that fails they wait in memory for :meth:`flush`.

    Visits come on the monotonic clock, and get the time of day in the moment they are written. What depends on it,
    ``dated`` does to them then. If the clock is set
    later, those that no window holds yet follow it (:meth:`follow_clock`).

    Attributes:
        lost: visits that were too many to wait; the oldest go first.
    """

    def __init__(self, keeper: Keeper, dated: Callable[[Visit], Visit] = lambda visit: visit) -> None:
        self._keeper, self._dated = keeper, dated
        self._boot = boot_id()
        self._waiting: deque[_Counted] = deque()
        self.lost = 0

    @property
    def waiting(self) -> int:
        """Visits that are not on the card yet."""
        return len(self._waiting)

    def record(self, visits: Sequence[Visit]) -> None:
        """Make visits durable, or keep them."""
        at_s = time.monotonic()
        self._waiting.extend(_Counted(visit, at_s) for visit in visits)
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1
        self.flush()

    def flush(self) -> None:
        """Write what waits, all or none of it."""
        if self._waiting:
            written = self._keeper.do(self._write)
            if written:
                self._waiting.clear()

    def follow_clock(self, store: Store) -> int:
        """Move the visits that no window holds yet along with the clock; returns how many were moved."""
        return self._follow(store, wall_offset())

    def _follow(self, store: Store, offset: float) -> int:
        return store.follow_clock(self._boot, offset, offset + time.monotonic())

    def _write(self, store: Store) -> bool:
        offset = wall_offset()  # read once: what is stored must be stamped by the very offset that is remembered
        self._follow(store, offset)
        stamped = [
            (
                self._dated(
                    replace(
                        counted.visit,
                        started_at=offset + counted.visit.started_at,
                        ended_at=offset + counted.visit.ended_at,
                    )
                ),
                offset + counted.at_s,
            )
            for counted in self._waiting
        ]
        store.record_counted(stamped)
        return True
