"""When a window closes, and closing it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.census.bands import AgeBands
from edge.census.window import Traffic, Window
from edge.config.settings import Settings
from edge.store.store import Event, Store

log = logging.getLogger(__name__)


class WindowCloser:
    """Closes windows of the configured length, on its full multiples in UTC, each once.

    While nobody knows the time, none is closed: their visits wait, and get the right one when the clock does.
    """

    def __init__(self, settings: Settings, event_of: Callable[[Window], Event | None]) -> None:
        self._event_of = event_of
        self._bands = AgeBands(settings.census.bands)
        self._length = settings.census.window_minutes * 60.0
        self._start: float | None = None
        self._told = Traffic()

    def tick(self, store: Store, now: float, total: Traffic, *, trusted: bool = True) -> list[Window]:
        """Close what is over, oldest first. ``total``: frames since the agent started.

        The first time, and after a time without a trusted clock, these are the windows of all visits that no window
        holds: an earlier run of the agent may have stored them and not lived to tell.
        """
        if not trusted:
            self._start = None
            return []
        if self._start is None:
            self._start = self._floor(now)
            left = store.visits.uncounted_before(self._start)
            starts = sorted({self._floor(stored.counted_at) for stored in left})
            return [self._close(store, start, Traffic()) for start in starts]
        if now < self._start:  # the clock was set back: what was counted meanwhile stays in the window that is open now
            log.warning("the clock went back by %.0f s", self._start - now)
            self._start = self._floor(now)
        if now < self._start + self._length:
            return []
        traffic = Traffic(total.frames - self._told.frames, total.dropped - self._told.dropped)
        closed = self._close(store, self._start, traffic)
        self._start, self._told = self._floor(now), total
        return [closed]

    def _close(self, store: Store, start: float, traffic: Traffic) -> Window:
        window = store.close_window(start, start + self._length, self._bands, traffic, self._event_of)
        log.info("closed a window of %d visits", window.visits)
        return window

    def _floor(self, moment: float) -> float:
        return moment // self._length * self._length
