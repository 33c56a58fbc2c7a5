"""A kind of camera for trying things out: pictures of noise."""

import time

import numpy as np

from edge import Camera
from edge.cameras import CameraKind


class NoiseCamera(Camera):
    """Random pictures, `fps` of them a second."""

    def __init__(self, source: str, *, size: tuple[int, int], fps: float) -> None:
        super().__init__(source, live=True, fps=fps)
        self._random = np.random.default_rng(int(source.removeprefix("noise:")))
        self._size = size
        self._interval_s = 1.0 / fps
        self._next_s = time.monotonic()

    def _grab(self) -> tuple[np.ndarray, float]:
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s += self._interval_s
        width, height = self._size
        return self._random.integers(0, 256, (height, width, 3), np.uint8), time.monotonic()

    def _release(self) -> None:
        pass  # there is no device to give back


NOISE = CameraKind(
    pattern=r"noise:[0-9]{1,9}",
    open=NoiseCamera,
    example="noise:7",
    help="pictures of noise; the number is where chance begins",
)
