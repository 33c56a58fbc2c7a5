"""When a window closes, and closing it."""

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
    """Closes windows of the configured length, on its full multiples in UTC, each once and in order.

    While nobody knows the time, none is closed: their visits wait, and get the right one when the clock does.
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
        """Whether a window may be over that is not closed yet."""
        return self._behind or bool(self._due)

    def tick(self, now: float, total: Traffic, *, trusted: bool = True) -> None:
        """Note that the open window is over, if it is.

        Args:
            now: unix seconds.
            total: frames since the agent started.
            trusted: whether ``now`` is right.
        """
        if not trusted:
            self._start = None
            return
        if self._start is None:
            # An earlier run of the agent may have stored visits and not lived to tell, and so may this one have
            # done before the time was known: those windows are over as well.
            self._start, self._behind = self._floor(now), True
        if now < self._start:  # the clock was set back: what was counted meanwhile stays in the window that is open now
            log.warning("the clock went back by %.0f s", self._start - now)
            self._start = self._floor(now)
        if now >= self._start + self._length:
            told, self._reported = self._reported, total
            self._due.append((self._start, Traffic(total.frames - told.frames, total.dropped - told.dropped)))
            self._start = self._floor(now)

    def close_due(self, store: Store, now: float) -> list[Window]:
        """Close what is due ``now`` (unix seconds), oldest first. One that the store does not take stays due."""
        closed = []
        if self._behind and self._start is not None:
            first = self._due[0][0] if self._due else self._start
            left = store.visits.uncounted_before(first)
            starts = sorted({self._floor(stored.counted_at) for stored in left})
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
