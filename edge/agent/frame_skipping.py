"""Skipping frames under load: all of the camera's frames are processed, or as many as the machine can manage."""

from __future__ import annotations

import logging
from math import ceil

log = logging.getLogger(__name__)
MEASURED_S = 5.0
"""Seconds over which the load is measured: so long that one person crossing the view does not change it, but a full
room does."""
MAX_LOAD = 0.95
"""Highest share of the time that frames may take. Above it they are processed late and at uneven intervals."""
LOW_LOAD = 0.8
"""Only if the share would stay below this, more frames are processed again."""
MAX_EVERY = 4
"""At least one frame in this many is processed, because people must be found again from one to the next."""


class FrameSkipper:
    """Picks every k-th frame if processing all of them takes longer than the camera takes to deliver them.

    The tracker gets the time of each frame and predicts over the skipped ones. Without this, the camera would replace
    as many frames by newer ones, but at random: two frames in a row, and then none for a long time. Even gaps keep the
    tracks together, and leave time for the dashboard and the uplink.

    Attributes:
        every: k; 1 while the machine keeps up.
        skipped: number of frames skipped so far.
    """

    def __init__(self) -> None:
        self.every = 1
        self.skipped = 0
        self._last = -MAX_EVERY
        self._busy_s = 0.0
        self._processed = 0
        self._from_s = 0.0
        self._from_number = 0

    def should_process(self, number: int) -> bool:
        """Whether to process a frame. ``number`` counts the frames since the camera was opened."""
        if number <= self._last:  # the camera was opened again
            self._last, self._busy_s, self._processed = number - self.every, 0.0, 0
        if number - self._last < self.every:
            self.skipped += 1
            return False
        self._last = number
        return True

    def record_time(self, busy_s: float, number: int, now_s: float) -> None:
        """Note that frame ``number`` took ``busy_s`` seconds, until ``now_s`` (seconds on the frames' clock)."""
        if not self._processed:
            self._from_s, self._from_number = now_s - busy_s, number
        self._busy_s += busy_s
        self._processed += 1
        elapsed_s, captured = now_s - self._from_s, number - self._from_number
        if elapsed_s < MEASURED_S or not captured:
            return
        # The last frame may have arrived at any moment while it was processed.
        share = self._busy_s / self._processed * (captured / max(elapsed_s - busy_s, busy_s))
        self._adapt(share)
        self._busy_s, self._processed = 0.0, 0

    def _adapt(self, share: float) -> None:
        """``share``: the share of the time that all frames would take; it can be above 1."""
        fewer, more = ceil(share / MAX_LOAD), ceil(share / LOW_LOAD)
        every = min(max(fewer, min(self.every, more), 1), MAX_EVERY)
        if every != self.every:
            choice = "every frame is processed" if every == 1 else f"one frame in {every} is processed"
            log.info("processing all frames would take %.0f %% of the time: %s", 100 * share, choice)
        self.every = every
