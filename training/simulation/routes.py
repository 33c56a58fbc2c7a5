"""Random routes of patrons: across the view in either direction, towards the camera, or in and out again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from edge.counting.visit import Direction
from training.rendering.canvas import PinholeCamera
from training.rendering.room import DOOR
from training.rendering.trajectory import Trajectory

RouteKind = Literal["in", "out", "u-turn", "approach"]
KIND_SHARES: dict[RouteKind, float] = {"in": 0.41, "out": 0.41, "u-turn": 0.1, "approach": 0.08}
"""How often each kind occurs. "In" is from left to right across the entrance line in the middle of the frame."""
LANES = (1.9, 4.3)
"""Smallest and largest distance in metres from the camera at which patrons cross the view."""
SPEED = (0.7, 1.25)
"""Metres a second."""
PAUSE_SHARE, LOOK_AWAY_SHARE = 0.3, 0.25
"""Share of patrons who stop on their way, and share who turn their face wholly away for a moment."""
LOOK_AWAY_YAW = np.radians(110)
START_OUTSIDE = 0.6
"""Metres outside the frame's edge at which routes begin and end."""


@dataclass(frozen=True)
class Route:
    """A trajectory, and the direction that a counter with the entrance line should report for it."""

    kind: RouteKind
    trajectory: Trajectory

    @property
    def direction(self) -> Direction | None:
        """Direction in which the entrance line is crossed; None for somebody who turns back or stays away from it."""
        return "in" if self.kind == "in" else "out" if self.kind == "out" else None


def plan_route(camera: PinholeCamera, start: float, lane: float, kind: RouteKind, rng: np.random.Generator) -> Route:
    """A random route of that kind, at ``lane`` metres from the camera, from ``start`` seconds on."""
    if kind == "approach":
        return Route(kind, _approach(start, rng))
    side = {"in": -1.0, "out": 1.0}.get(kind) or float(rng.choice([-1, 1]))
    edge = lane * camera.width / 2 / camera.focal + START_OUTSIDE
    speed = float(rng.uniform(*SPEED))
    drift = float(rng.uniform(-0.3, 0.3))
    keys = [(start, side * edge, lane + drift)]

    def go(x: float, z: float) -> None:
        t, x0, z0 = keys[-1]
        keys.append((t + max(float(np.hypot(x - x0, z - z0)) / speed, 0.1), x, z))

    def stay(seconds: float) -> None:
        t, x, z = keys[-1]
        keys.append((t + seconds, x, z))

    if kind == "u-turn":
        # Turn before the line, on it or beyond it: somebody who goes back has not come in.
        go(side * float(rng.uniform(-0.5, 0.6)), lane)
        stay(float(rng.uniform(0.5, 2.0)))
        turn = len(keys) - 2
        go(side * edge, lane - drift)
        return Route(kind, Trajectory(tuple(keys), _gaze_keyframes(keys, turn, rng)))
    if rng.random() < PAUSE_SHARE:
        go(float(rng.uniform(-0.6, 0.6)) * edge, lane)
        stay(float(rng.uniform(1.0, 4.0)))
    go(-side * edge, lane - drift)
    return Route(kind, Trajectory(tuple(keys), _gaze_keyframes(keys, None, rng)))


def _approach(start: float, rng: np.random.Generator) -> Trajectory:
    """Through the door at the far wall, towards the camera, and out of the frame on the right."""
    speed = float(rng.uniform(*SPEED))
    x = DOOR[0] + float(rng.uniform(0.2, 0.6))
    points = [(x + 1.6, 7.0), (x, 6.2), (x, 5.2), (x + 0.1, 2.6), (x + 0.9, 1.6), (x + 2.2, 1.4)]
    keys = [(start, *points[0])]
    for (x0, z0), (x1, z1) in pairwise(points):
        keys.append((keys[-1][0] + float(np.hypot(x1 - x0, z1 - z0)) / speed, x1, z1))
    return Trajectory(tuple(keys), _gaze_keyframes(keys, None, rng, towards=0.0))


def _gaze_keyframes(
    keys: list[tuple[float, float, float]], turn: int | None, rng: np.random.Generator, towards: float | None = None
) -> tuple[tuple[float, float], ...]:
    """Keyframes of the gaze: roughly ahead, as a camera beside the route sees it, at times wholly away."""
    start, end = keys[0][0], keys[-1][0]
    forward = np.sign(keys[1][1] - keys[0][1])
    ahead = np.radians(rng.uniform(5, 40)) * forward if towards is None else towards
    back_at = end + 1 if turn is None else (keys[turn][0] + keys[turn + 1][0]) / 2
    away_at = float(rng.uniform(start, end)) if rng.random() < LOOK_AWAY_SHARE else end + 1
    away_for = float(rng.uniform(0.4, 1.0))
    gaze: list[tuple[float, float]] = []
    t = start
    while t <= end:
        now = ahead if t < back_at else -ahead
        glance = float(rng.normal(0, np.radians(9)))
        gaze.append((t, float(np.clip(now + glance, -np.radians(50), np.radians(50)))))
        t += float(rng.uniform(0.4, 1.2))
    if away_at < end:
        sign = float(np.sign(ahead) or rng.choice([-1, 1]))
        gaze = [key for key in gaze if not away_at - 0.2 <= key[0] <= away_at + away_for + 0.2]
        gaze += [(away_at, sign * LOOK_AWAY_YAW), (away_at + away_for, sign * LOOK_AWAY_YAW)]
    return tuple(sorted(gaze))
