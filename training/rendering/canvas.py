"""The camera's projection, a canvas for flat shapes, and sprites that shrink without flicker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
Point = tuple[float, float]
Warp = Callable[[NDArray[np.float32], int, int, int], NDArray[np.float32]]

_SHIFT = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel


@dataclass(frozen=True)
class PinholeCamera:
    """A level pinhole camera at the door.

    ``width``, ``height``, ``focal`` and ``horizon`` (the row at which the floor would vanish) are pixels,
    ``eye_height`` is the camera's height above the floor in metres. A point lies ``x`` metres right of the camera,
    ``y`` above the floor and ``z`` in front of it.
    """

    width: int = 960
    height: int = 540
    focal: float = 900.0
    horizon: float = 215.0
    eye_height: float = 1.55

    def scale(self, z: float) -> float:
        """Pixels that a metre takes at distance ``z``."""
        return self.focal / z

    def project(self, x: float, y: float, z: float) -> Point:
        """Pixel coordinates (right, down) of a point in the room."""
        return (self.width / 2 + x * self.focal / z, self.horizon + (self.eye_height - y) * self.focal / z)


@dataclass(frozen=True)
class Canvas:
    """Draws shapes on ``image`` (uint8 RGB, changed in place); a unit of length is ``unit`` pixels, from ``origin``.

    With the default ``y_sign`` of -1 heights count upwards, as for a person standing on the origin; 1 suits pixels.
    """

    image: Image
    origin: Point = (0.0, 0.0)
    unit: float = 1.0
    y_sign: int = -1

    def at(self, x: float, y: float) -> Point:
        """Pixel coordinates of a point in the canvas's units."""
        return (self.origin[0] + x * self.unit, self.origin[1] + self.y_sign * y * self.unit)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        corners = np.array([self.at(x, y) for x, y in points])
        # Points far outside the picture would overflow OpenCV's fixed-point numbers, and no shape here needs them.
        corners = np.clip(corners, -8000, 8000)
        fixed = np.rint(corners * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(self.image, [fixed], colour, cv2.LINE_AA, _SHIFT)

    def curve(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill the smooth closed outline through the points."""
        self.polygon(smooth_outline(points), colour)

    def ellipse(self, centre: Point, radii: Point, colour: Colour) -> None:
        """Fill an ellipse whose axes are level and upright."""
        turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        x, y = centre[0] + radii[0] * np.cos(turn), centre[1] + radii[1] * np.sin(turn)
        self.polygon(list(zip(x.tolist(), y.tolist(), strict=True)), colour)

    def limb(self, start: Point, end: Point, radii: Point, colour: Colour) -> None:
        """Fill a rounded limb from ``start`` to ``end``, as wide as a circle of the given radius at each."""
        along = np.subtract(end, start)
        lean = float(np.arctan2(along[1], along[0]))
        half = np.linspace(np.pi / 2, 3 * np.pi / 2, 14)
        outline: list[Point] = []
        for (x, y), radius, turn in ((start, radii[0], half + lean), (end, radii[1], half + lean + np.pi)):
            outline += [(x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in turn]
        self.polygon(outline, colour)


def smooth_outline(points: Sequence[Point], steps: int = 8) -> list[Point]:
    """The closed Catmull-Rom curve through the points, ``steps`` points for each of them."""
    nodes = np.asarray(points, np.float64)
    before, after, beyond = np.roll(nodes, 1, 0), np.roll(nodes, -1, 0), np.roll(nodes, -2, 0)
    a, b, c, d = (corner[:, None] for corner in (before, nodes, after, beyond))
    t = (np.arange(steps) / steps)[:, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return [(x, y) for x, y in curve.reshape(-1, 2).tolist()]


def shade(colour: Colour, factor: float) -> Colour:
    """The colour made darker (factor below 1) or lighter (above 1)."""
    r, g, b = (int(np.clip(round(channel * factor), 0, 255)) for channel in colour)
    return (r, g, b)


@dataclass(frozen=True)
class Sprite:
    """An RGBA picture prepared for drawing at any smaller size.

    Each of the float32 ``levels`` (height, width, 4), alpha premultiplied, has half the size of the one before.
    """

    levels: tuple[NDArray[np.float32], ...]
    left: int = 0
    top: int = 0
    """Empty margins that were cut off, in pixels of the first level."""

    @classmethod
    def of(cls, rgba: Image, halvings: int = 4) -> Sprite:
        """Prepare a uint8 RGBA picture (height, width, 4) whose colours are not premultiplied."""
        # Cut in whole pixels of the smallest level, so that cutting changes no level.
        step = 2**halvings
        left, top, right, bottom = _drawn(rgba[..., 3], step)
        layer = rgba[top:bottom, left:right].astype(np.float32)
        layer[..., :3] *= layer[..., 3:] / 255
        levels = [layer]
        for _ in range(halvings):
            levels.append(np.asarray(cv2.pyrDown(levels[-1]), np.float32))
        return cls(tuple(levels), left, top)

    def paste(self, image: Image, matrix: NDArray[np.float64], warp: Warp | None = None) -> None:
        """Draw the sprite over ``image`` (uint8 RGB) in place; ``matrix`` (2, 3) maps sprite pixels to image pixels.

        ``warp``, if given, is applied to the level that is drawn. It gets the level, the place of its corner in the
        whole picture (left, top) and the size of its pixels, the latter three in pixels of the first level.
        """
        matrix = matrix.copy()
        matrix[:, 2] += matrix[:, :2] @ (self.left, self.top)
        level = 0
        # Take a level less than twice as large as the drawing: fine detail must not flicker from frame to frame.
        while level + 1 < len(self.levels) and np.hypot(matrix[0, 0], matrix[1, 0]) < 0.5:
            matrix[:, :2] *= 2
            level += 1
        layer = self.levels[level]
        if warp is not None:
            layer = warp(layer, self.left, self.top, 2**level)
        height, width = layer.shape[:2]
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ matrix.T
        left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, [image.shape[1], image.shape[0]])
        if left >= right or top >= bottom:
            return
        matrix[:, 2] -= (left, top)
        moved = cv2.warpAffine(layer, matrix, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
        under = image[top:bottom, left:right]
        under[...] = cv2.convertScaleAbs(moved[..., :3] + under * (1 - moved[..., 3:] / 255))  # rounds and saturates


def _drawn(alpha: Image, step: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the visible part, with a margin, at multiples of ``step``."""
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    height, width = alpha.shape
    if not rows.size:
        return 0, 0, min(step, width), min(step, height)
    left, top = ((int(at[0]) // step - 2) * step for at in (columns, rows))
    right, bottom = ((int(at[-1]) // step + 3) * step for at in (columns, rows))
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)
