"""When patrons come: alone and in groups, never more at a time than the scene allows."""

from __future__ import annotations

import numpy as np

from training.rendering.average_face import FacePicture
from training.rendering.canvas import Colour, PinholeCamera, shade
from training.rendering.person import Garment, PersonStyle
from training.simulation.routes import KIND_SHARES, LANES, Route, RouteKind, plan_route

GROUP_SHARE = 0.3
"""Share of arrivals that are groups of two or three, side by side."""
LANE_DISTANCE = 0.5
"""Metres between the lanes of two people, where there is room for it."""
GARMENTS: tuple[Garment, ...] = ("shirt", "jacket", "dress")


def plan_routes(camera: PinholeCamera, count: int, crowd: int, rng: np.random.Generator) -> list[Route]:
    """Random routes for ``count`` patrons, in order of their start; at most ``crowd`` of them are in view at a time."""
    routes: list[Route] = []
    now = 0.5
    while len(routes) < count:
        size = int(rng.integers(2, 4)) if rng.random() < GROUP_SHARE else 1
        size = min(size, crowd, count - len(routes))
        # The size of a crowd varies: it grows up to its limit and shrinks again.
        limit = int(rng.integers(max(crowd - 2, size), crowd + 1))
        ends = sorted(route.trajectory.end for route in routes if route.trajectory.end > now)
        if len(ends) + size > limit:
            now = ends[len(ends) + size - limit - 1]
        now += float(rng.exponential(0.5))
        kind: RouteKind = rng.choice(list(KIND_SHARES), p=list(KIND_SHARES.values()))
        occupied = [route.trajectory.keyframes[1][2] for route in routes if route.trajectory.end > now]
        for member in range(size):
            start = now + member * float(rng.uniform(0.1, 0.45))
            lane = _free_lane(occupied, rng)
            occupied.append(lane)
            routes.append(plan_route(camera, start, lane, kind, rng))
    return sorted(routes, key=lambda route: route.trajectory.start)


def _free_lane(occupied: list[float], rng: np.random.Generator) -> float:
    """A distance from the camera at which nobody else walks then, or the one with most room beside it."""
    best, largest_distance = 0.0, -1.0
    for lane in rng.uniform(*LANES, 12).tolist():
        distance = min((abs(lane - other) for other in occupied), default=LANE_DISTANCE)
        if distance > largest_distance:
            best, largest_distance = lane, distance
        if distance >= LANE_DISTANCE:
            break
    return best


def random_style(face_picture: FacePicture, rng: np.random.Generator) -> PersonStyle:
    """A height by age and random clothes: nothing that is drawn depends on the gender."""
    age = face_picture.age
    grown = float(np.clip(rng.normal(1.70, 0.09), 1.5, 1.95))
    height = min(grown, max(1.05, 0.75 + 0.065 * age))
    top, bottom = _colour(rng), _colour(rng)
    garment: Garment = GARMENTS[int(rng.integers(len(GARMENTS)))]
    strip = face_picture.image[2:18, 60:140].reshape(-1, 3)
    red, green, blue = (int(channel) for channel in np.median(strip, axis=0))
    return PersonStyle(
        height, "own", shade((red, green, blue), 0.45), garment, top, bottom, float(rng.uniform(0.9, 1.1))
    )


def _colour(rng: np.random.Generator) -> Colour:
    """A random colour of clothes: more than half are dark or grey, as people wear them."""
    level = int(rng.integers(25, 110) if rng.random() < 0.7 else rng.integers(110, 235))
    tint = rng.normal(0, 8 if rng.random() < 0.5 else 35, 3)
    red, green, blue = (int(np.clip(level + shift, 10, 245)) for shift in tint)
    return (red, green, blue)


def distinct_seeds(seed: int, count: int) -> list[int]:
    """A seed for each patron's hair."""
    seeds: list[int] = np.random.default_rng([seed, 99]).integers(0, 2**31, count).tolist()
    return seeds
