"""The path that a patron takes through the room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.rendering.person import Pose

SMOOTHING_S = 0.35  # seconds before and after a moment over which positions are averaged


@dataclass(frozen=True)
class Trajectory:
    """A path through the room: keyframes of (seconds, metres right of the camera, metres in front of it).

    ``gaze`` says where the face is turned: keyframes of (seconds, radians), 0 towards the camera, positive towards the
    image's right. Without it the person looks at the camera all the time.

    Raises:
        ValueError: there are fewer than two keyframes, or they are not in order of time.
    """

    keyframes: tuple[tuple[float, float, float], ...]
    gaze: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        times = [t for t, _, _ in self.keyframes]
        if len(times) < 2 or any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError(f"a trajectory needs two or more keyframes in order of time, not {times}")

    @property
    def start(self) -> float:
        """Seconds at which it begins."""
        return self.keyframes[0][0]

    @property
    def end(self) -> float:
        """Seconds at which it ends."""
        return self.keyframes[-1][0]

    def shifted(self, seconds: float, aside: float = 0.0) -> Trajectory:
        """The same path, ``seconds`` later and ``aside`` metres further to the right."""
        gaze = tuple((t + seconds, yaw) for t, yaw in self.gaze)
        return Trajectory(tuple((t + seconds, x + aside, z) for t, x, z in self.keyframes), gaze)

    def pose(self, t: float) -> Pose | None:
        """Place and gaze at ``t`` seconds; None before the start and after the end."""
        if not self.start <= t <= self.end:
            return None
        x, z = self._positions(np.array([t]))[0]
        times, walked = self._distance_walked
        gaze = np.array(self.gaze or ((0.0, 0.0),))
        yaw = float(np.interp(t, gaze[:, 0], gaze[:, 1]))
        return Pose(float(x), float(z), float(np.interp(t, times, walked)), yaw)

    def _positions(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres to the right and in front (n, 2) at n moments: straight between keyframes, with rounded corners.

        Averaging rounds corners without overshooting; a spline could lead somebody into the camera.
        """
        at, *coordinates = np.array(self.keyframes).T
        around = times[:, None] + np.linspace(-SMOOTHING_S, SMOOTHING_S, 15)
        return np.column_stack([np.interp(around, at, values).mean(axis=1) for values in coordinates])

    @cached_property
    def _distance_walked(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        times = np.linspace(self.start, self.end, 400)
        steps = np.linalg.norm(np.diff(self._positions(times), axis=0), axis=1)
        return times, np.concatenate([[0.0], np.cumsum(steps)])
