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
    """Closes windows of the configured length, on its full multiples in UTC, each once."""

    def __init__(
        self, settings: Settings, store: Store, event_of: Callable[[Window], Event | None], now: float
    ) -> None:
        self._store = store
        self._event_of = event_of
        self._bands = AgeBands(settings.census.bands)
        self._length = settings.census.window_minutes * 60.0
        self._start = self._floor(now)
        self._told = Traffic()

    def catch_up(self) -> list[Window]:
        """Close the windows that an earlier run of the agent left open: visits it stored but did not live to tell."""
        left = self._store.visits.uncounted_before(self._start)
        starts = sorted({self._floor(stored.counted_at) for stored in left})
        return [self._close(start, start + self._length, Traffic()) for start in starts]

    def tick(self, now: float, total: Traffic) -> list[Window]:
        """Close the open window if its time is over. ``total``: frames since the agent started."""
        if now < self._start:  # the clock was set back: what was counted meanwhile stays in the window that is open now
            log.warning("the clock went back by %.0f s", self._start - now)
            self._start = self._floor(now)
        if now < self._start + self._length:
            return []
        told, self._told = self._told, total
        traffic = Traffic(total.frames - told.frames, total.dropped - told.dropped)
        closed = self._close(self._start, self._start + self._length, traffic)
        self._start = self._floor(now)
        return [closed]

    def _close(self, start: float, end: float, traffic: Traffic) -> Window:
        window = self._store.close_window(start, end, self._bands, traffic, self._event_of)
        log.info("closed a window of %d visits", window.visits)
        return window

    def _floor(self, moment: float) -> float:
        return moment // self._length * self._length
