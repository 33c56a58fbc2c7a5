"""The demo clip for a device that is many times slower than a real one."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge.demo import CLIP

SECONDS = 7.5
"""Until the first patron has come in and the second is well in view."""
EVERY = 5
"""Frames of the clip for one of this."""
FPS = 3.0
LEFT, TOP, SIDE = 330, 90, 260
"""The square of the clip through which its first patron walks, in pixels."""
ONE_SECONDS = 7.3
"""Until that patron has walked out of it."""
ONE_EVERY = 8
ONE_FPS = 0.4
"""So slow that an emulated device looks at every frame: every fourth would show nobody for long enough."""


def beginning(to: Path, fps: float = FPS, codec: str = "mp4v") -> Path:
    """Its first seconds at half the size and a fifth of the frames, played at ``fps`` frames per second."""
    source = cv2.VideoCapture(str(CLIP))
    size = (int(source.get(cv2.CAP_PROP_FRAME_WIDTH)) // 2, int(source.get(cv2.CAP_PROP_FRAME_HEIGHT)) // 2)
    sink = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*codec), fps, size)
    for index in range(round(SECONDS * source.get(cv2.CAP_PROP_FPS))):
        frame = source.read()[1]
        if index % EVERY == 0:
            sink.write(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
    sink.release()
    return to


def one_patron(to: Path) -> Path:
    """Fourteen small frames in which one patron comes and goes; with these tests' settings one detector run each."""
    source = cv2.VideoCapture(str(CLIP))
    sink = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"mp4v"), ONE_FPS, (SIDE, SIDE))
    for index in range(round(ONE_SECONDS * source.get(cv2.CAP_PROP_FPS))):
        frame = source.read()[1]
        if index % ONE_EVERY == 0:
            sink.write(frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE])
    sink.release()
    return to
