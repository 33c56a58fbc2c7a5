"""How many of the camera's frames are looked at: all of them, or as many as the machine can keep up with."""

from __future__ import annotations

import logging
from math import ceil

log = logging.getLogger(__name__)
SPAN_S = 5.0
"""Seconds over which the load is measured: who crosses the view shall not change it, a full room shall."""
FULL = 0.95
"""Share of the time that looking at frames may take. Beyond, frames are found too late and at uneven times."""
ROOM = 0.8
"""Share that it would have to be below for more frames to be looked at again."""
SPARSEST = 4
"""At least every so manieth frame is looked at: people must be found again from one to the next."""


class FrameSkipper:
    """Picks every k-th frame where looking at all of them takes longer than they take to come.

    The tracker is told the time of each frame and predicts over those that are left out. A camera that hands out its
    newest frame only would leave out as many, but of every length: two frames that follow each other and then none for
    long. Even gaps keep the tracks, and the time that is left is the dashboard's and the uplink's.

    Attributes:
        every: k; 1 while the machine keeps up.
        skipped: frames that were left out so far.
    """

    def __init__(self) -> None:
        self.every = 1
        self.skipped = 0
        self._last = -SPARSEST
        self._busy_s = 0.0
        self._looked = 0
        self._from_s = 0.0
        self._from_number = 0

    def wants(self, number: int) -> bool:
        """Whether to look at a frame, by its number since the camera was opened."""
        if number <= self._last:  # opened again
            self._last, self._busy_s, self._looked = number - self.every, 0.0, 0
        if number - self._last < self.every:
            self.skipped += 1
            return False
        self._last = number
        return True

    def spent(self, busy_s: float, number: int, now_s: float) -> None:
        """Frame ``number`` kept the machine busy for ``busy_s``, until ``now_s`` on the same clock."""
        if not self._looked:
            self._from_s, self._from_number = now_s - busy_s, number
        self._busy_s += busy_s
        self._looked += 1
        elapsed_s, captured = now_s - self._from_s, number - self._from_number
        if elapsed_s < SPAN_S or not captured:
            return
        # The last frame may have come at any moment of the time that it took.
        share = self._busy_s / self._looked * (captured / max(elapsed_s - busy_s, busy_s))
        self._adapt(share)
        self._busy_s, self._looked = 0.0, 0

    def _adapt(self, share: float) -> None:
        """``share``: what looking at every frame would take of the time; above 1 that cannot be done."""
        fewer, more = ceil(share / FULL), ceil(share / ROOM)
        every = min(max(fewer, min(self.every, more), 1), SPARSEST)
        if every != self.every:
            told = "every frame is looked at" if every == 1 else f"one frame in {every} is looked at"
            log.info("looking at all frames takes %.0f %% of the time: %s", 100 * share, told)
        self.every = every
