"""Deciding when a window is over, and closing it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic, Window
from edge.config.census import Census
from edge.store.store import Event, Store

log = logging.getLogger(__name__)


class WindowCloser:
    """Closes windows of the configured length, at full multiples of it in UTC, each window once and in order.

    While the time is not known, no window is closed: the visits wait until the clock is right.
    """

    def __init__(self, census: Census, event_of: Callable[[Window], Event | None]) -> None:
        self._event_of = event_of
        self._bands = AgeBands(census.bands)
        self._length = census.window_minutes * 60.0
        self._start: float | None = None
        self._behind = False
        self._reported = Traffic()
        self._due: deque[tuple[float, Traffic]] = deque()

    @property
    def due(self) -> bool:
        """Whether there may be a window that is over and not closed yet."""
        return self._behind or bool(self._due)

    def tick(self, now: float, total: Traffic, *, trusted: bool = True) -> None:
        """Take note if the open window is over.

        Args:
            now: unix seconds.
            total: frames since the agent started.
            trusted: whether ``now`` is known to be right.
        """
        if not trusted:
            self._start = None
            return
        if self._start is None:
            # An earlier run of the agent may have stored visits and ended before it closed their window, and so may
            # this run before it knew the time. Those windows are over as well.
            self._start, self._behind = self._floor(now), True
        if now < self._start:  # the clock was set back: the visits since then stay in the window that is open now
            log.warning("the clock went back by %.0f s", self._start - now)
            self._start = self._floor(now)
        if now >= self._start + self._length:
            before, self._reported = self._reported, total
            self._due.append((self._start, Traffic(total.frames - before.frames, total.dropped - before.dropped)))
            self._start = self._floor(now)

    def close_due(self, store: Store, now: float) -> list[Window]:
        """Close the windows that are due at ``now`` (unix seconds), oldest first. One that is not stored stays due."""
        closed = []
        if self._behind and self._start is not None:
            first = self._due[0][0] if self._due else self._start
            left_over = store.visits.uncounted_before(first)
            starts = sorted({self._floor(stored.counted_at) for stored in left_over})
            closed = [self._close(store, now, start, Traffic()) for start in starts]
            self._behind = False
        while self._due:
            closed.append(self._close(store, now, *self._due[0]))
            self._due.popleft()
        return closed

    def _close(self, store: Store, now: float, start: float, traffic: Traffic) -> Window:
        window = store.close_window(start, start + self._length, self._bands, traffic, self._event_of, now)
        log.info("closed a window of %d visits", window.visits)
        return window

    def _floor(self, moment: float) -> float:
        return moment // self._length * self._length
