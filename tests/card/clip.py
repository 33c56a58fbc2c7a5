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
SLOW_FPS = 0.5
"""A rate at which an emulated device sees nearly every frame: the same people, six times as slow."""


def beginning(to: Path, fps: float = FPS) -> Path:
    """Its first seconds at half the size and a fifth of the frames, played at ``fps`` frames per second."""
    source = cv2.VideoCapture(str(CLIP))
    size = (int(source.get(cv2.CAP_PROP_FRAME_WIDTH)) // 2, int(source.get(cv2.CAP_PROP_FRAME_HEIGHT)) // 2)
    sink = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    for index in range(round(SECONDS * source.get(cv2.CAP_PROP_FPS))):
        frame = source.read()[1]
        if index % EVERY == 0:
            sink.write(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
    sink.release()
    return to
