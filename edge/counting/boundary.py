"""Where the inside begins: a line across the picture, or a zone in it, in pixels of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge.config.entrance import INNER, Entrance, Point

Size = tuple[int, int]
"""Width and height of a frame in pixels."""


class Boundary(Protocol):
    """Divides the picture into inside and outside."""

    def depth(self, place: Point) -> float:
        """How far inside a place is, in pixels; negative outside."""

    def is_passed(self, before: Point, after: Point) -> bool:
        """Whether the straight path between two places on different sides counts as passing."""


@dataclass(frozen=True)
class Line:
    """A line. Only the part between its two points can be passed."""

    start: Point
    end: Point
    inner: Point
    """Unit vector at a right angle to the line that points inside."""

    def depth(self, place: Point) -> float:
        """Distance from the line, which is extended without end for this."""
        return (place[0] - self.start[0]) * self.inner[0] + (place[1] - self.start[1]) * self.inner[1]

    def is_passed(self, before: Point, after: Point) -> bool:
        """Whether the path goes between the two points, not around one of them."""
        share = self.depth(before) / (self.depth(before) - self.depth(after))
        x, y = (a + share * (b - a) for a, b in zip(before, after, strict=True))
        run = self.end[0] - self.start[0], self.end[1] - self.start[1]
        along = (x - self.start[0]) * run[0] + (y - self.start[1]) * run[1]
        return 0 <= along <= run[0] ** 2 + run[1] ** 2


@dataclass(frozen=True, eq=False)
class Zone:
    """A polygon; its corners are float32 (n, 2) pixels."""

    corners: npt.NDArray[np.float32]

    @classmethod
    def of(cls, corners: Sequence[Point], size: Size) -> Zone:
        """The zone with these corners, which are fractions of a frame of that size."""
        return cls(np.array(corners, np.float32) * np.array(size, np.float32))

    def depth(self, place: Point) -> float:
        """Distance from the nearest edge."""
        import cv2  # here, because the dashboard draws lines and zones without it

        return float(cv2.pointPolygonTest(self.corners, place, True))

    def is_passed(self, before: Point, after: Point) -> bool:  # noqa: ARG002 (a zone has no ends to go around)
        """Always true: anyone on the other side has passed an edge."""
        return True


def boundary_of(entrance: Entrance, size: Size) -> Boundary | None:
    """The drawn line or zone on a frame of that size; None if none is drawn."""
    if entrance.zone:
        return Zone.of(entrance.zone, size)
    if not entrance.line:
        return None
    start, end = ((x * size[0], y * size[1]) for x, y in entrance.line)
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    normal = (start[1] - end[1]) / length, (end[0] - start[0]) / length
    inner = INNER[entrance.inside]
    sign = 1.0 if normal[0] * inner[0] + normal[1] * inner[1] > 0 else -1.0
    return Line(start, end, (sign * normal[0], sign * normal[1]))
