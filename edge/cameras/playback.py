"""A recording that takes the place of a camera."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge.cameras.camera import Camera, CameraError
from edge.cameras.frame import Image


class Playback(Camera):
    """Plays a recording in real time, as if it happened now: each frame is held back until it is due.

    Time stamps are those of the clock, as with any live camera, and keep rising when the recording starts again. A
    reader that falls behind gets the late frames at once; none is left out.

    Args:
        open_recording: opens the recording; called again for every round of a loop.
        loop: start again at the end instead of returning None.
        clock: seconds that never go backwards.
        sleep: waits for a number of seconds of that clock.

    Raises:
        ValueError: `open_recording` opened a live camera.
    """

    def __init__(
        self,
        open_recording: Callable[[], Camera],
        *,
        loop: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._recording = open_recording()
        super().__init__(self._recording.name, live=True, fps=self._recording.fps)
        if self._recording.live:
            self.close()
            raise ValueError(f"{self.name} is live already and cannot be played back")
        self._open_recording = open_recording
        self._loop = loop
        self._clock = clock
        self._sleep = sleep
        self._start_s: float | None = None  # when, on the clock, the recording's time 0 is or was
        self._due_s = 0.0
        self._interval_s = 1.0 / (self.fps or 25.0)

    def _grab(self) -> tuple[Image, float] | None:
        frame = self._recording.read()
        if frame is None and self._loop:
            self._recording.close()
            self._recording = self._open_recording()
            self._start_s = self._due_s + self._interval_s
            frame = self._recording.read()
            if frame is None:
                raise CameraError(f"{self.name}: the recording has no frames any more")
        if frame is None:
            return None
        if self._start_s is None:
            self._start_s = self._clock() - frame.time_s
        due_s = self._start_s + frame.time_s
        if frame.index > 0:
            self._interval_s = due_s - self._due_s
        self._due_s = due_s
        if (ahead_s := due_s - self._clock()) > 0:
            self._sleep(ahead_s)
        return frame.image, due_s

    def _release(self) -> None:
        self._recording.close()
