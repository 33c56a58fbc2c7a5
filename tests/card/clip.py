"""The demo clip for a device that is many times slower than a real one."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge.demo import CLIP

SECONDS = 7.5
"""Until the first patron has come in and the second is well in view."""
SLOW_FPS = 1.5
"""A rate at which an emulated device sees every frame: the same people, ten times as slow."""


def beginning(to: Path, fps: float | None = None) -> Path:
    """Its first seconds, played at ``fps`` frames per second (its own if None)."""
    source = cv2.VideoCapture(str(CLIP))
    own, size = source.get(cv2.CAP_PROP_FPS), (int(source.get(3)), int(source.get(4)))
    sink = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"mp4v"), fps or own, size)
    for _ in range(round(SECONDS * own)):
        sink.write(source.read()[1])
    sink.release()
    return to
