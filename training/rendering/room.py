"""A drawn restaurant seen from above its host's desk: the door to a street at dusk, walls, floor, lamps, plants."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rendering.canvas import Canvas, Colour, Image, PinholeCamera, Point, shade

WALL_Z = 5.6  # metres from the camera to the wall with the door
DOOR = (0.15, 1.9, 2.2)  # metres: middle, width and height of the opening
_HALF_WIDTH, _CEILING = 2.7, 2.75  # metres

_WALL: Colour = (233, 218, 194)
_PANEL: Colour = (98, 128, 116)
_FLOOR: Colour = (176, 132, 92)
_WOOD: Colour = (116, 74, 48)


@dataclass(frozen=True)
class Room:
    """The empty room: ``image`` is uint8 RGB, ``opening`` is True at the pixels where the door shows the street."""

    image: Image
    opening: NDArray[np.bool_]

    def cover_with_wall(self, image: Image) -> None:
        """Draw the wall again, in place, over what stands behind it."""
        np.copyto(image, self.image, where=~self.opening[..., None])


def visible_past_wall(x: float, z: float) -> bool:
    """Whether the camera sees somebody at ``x``, ``z`` (metres): in the room, or outside behind the open door."""
    return z <= WALL_Z or abs(x - DOOR[0]) < DOOR[1] / 2 - 0.25


def draw_room(camera: PinholeCamera, rng: np.random.Generator) -> Room:
    """Draw the room as ``camera`` sees it; the generator makes the grain of floor and walls."""
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    draw = _RoomPainter(camera, Canvas(image, y_sign=1))
    draw.walls()
    draw.floor(rng)
    draw.pictures()
    draw.desk()
    draw.plant(1.75, 5.2, 1.0)
    draw.plant(-1.12, 5.45, 0.72)
    grain = cv2.GaussianBlur(rng.standard_normal(image.shape[:2]), (0, 0), 1.2)
    image = np.clip(image + (4 * grain)[..., None], 0, 255).astype(np.uint8)
    opening = draw.street(image)
    lit = _light(image, camera)
    # The room is slightly out of focus, which also makes every key frame of a clip a quarter smaller.
    return Room(np.asarray(cv2.GaussianBlur(lit, (0, 0), 1.4), np.uint8), opening)


@dataclass(frozen=True)
class _RoomPainter:
    """Draws the parts of the room, each placed in metres."""

    camera: PinholeCamera
    canvas: Canvas

    def on_wall(self, x: float, y: float) -> Point:
        return self.camera.project(x, y, WALL_Z)

    def panel(self, left: float, right: float, low: float, high: float, colour: Colour, z: float = WALL_Z) -> None:
        """An upright rectangle parallel to the far wall."""
        corners = [(left, low), (right, low), (right, high), (left, high)]
        self.canvas.polygon([self.camera.project(x, y, z) for x, y in corners], colour)

    def walls(self) -> None:
        near = 0.9
        at = self.camera.project
        self.canvas.image[...] = shade(_WALL, 1.03)
        for side, tone in ((-1, 0.9), (1, 0.86)):
            x = side * _HALF_WIDTH
            for low, high, colour in (
                (0.95, _CEILING, _WALL),
                (0.0, 0.95, _PANEL),
                (0.95, 1.01, _WOOD),
                (0.0, 0.12, _WOOD),
            ):
                corners = [at(x, low, WALL_Z), at(x, high, WALL_Z), at(x, high, near), at(x, low, near)]
                self.canvas.polygon(corners, shade(colour, tone))
        self.panel(-_HALF_WIDTH, _HALF_WIDTH, 0.95, _CEILING, _WALL)
        self.panel(-_HALF_WIDTH, _HALF_WIDTH, 0, 0.95, _PANEL)
        for x in np.arange(-2.6, 2.6, 0.52):
            self.panel(x, x + 0.44, 0.2, 0.85, shade(_PANEL, 1.08))
        self.panel(-_HALF_WIDTH, _HALF_WIDTH, 0.95, 1.01, _WOOD)
        self.panel(-_HALF_WIDTH, _HALF_WIDTH, 0, 0.12, _WOOD)
        self.panel(-_HALF_WIDTH, _HALF_WIDTH, _CEILING - 0.1, _CEILING, shade(_WALL, 1.08))

    def floor(self, rng: np.random.Generator) -> None:
        """Planks that run towards the far wall, each in its own shade, and a carpet from the door."""
        at, near = self.camera.project, 0.9
        for x in np.arange(-_HALF_WIDTH, _HALF_WIDTH - 0.01, 0.18):
            plank = [at(x, 0, WALL_Z), at(x + 0.18, 0, WALL_Z), at(x + 0.18, 0, near), at(x, 0, near)]
            self.canvas.polygon(plank, shade(_FLOOR, float(rng.uniform(0.9, 1.06))))
        for half, colour in ((0.9, (132, 52, 48)), (0.82, (160, 68, 58))):
            middle = DOOR[0]
            rug = [
                at(middle - half, 0, WALL_Z - 0.1),
                at(middle + half, 0, WALL_Z - 0.1),
                at(middle + half, 0, 2),
                at(middle - half, 0, 2),
            ]
            self.canvas.polygon(rug, colour)

    def pictures(self) -> None:
        for left, low, width, height, sky, land in (
            (-2.45, 1.45, 0.5, 0.62, (214, 190, 150), (92, 118, 98)),
            (-1.75, 1.5, 0.42, 0.5, (168, 196, 204), (196, 132, 92)),
            (1.72, 1.45, 0.6, 0.62, (228, 204, 164), (150, 84, 68)),
        ):
            self.panel(left - 0.04, left + width + 0.04, low - 0.04, low + height + 0.04, _WOOD)
            self.panel(left, left + width, low, low + height, sky)
            hill = [(0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.6, 0.55), (0.3, 0.35), (0.0, 0.45)]
            self.canvas.polygon([self.on_wall(left + x * width, low + y * height) for x, y in hill], land)

    def desk(self) -> None:
        """The host's desk, with a lamp on it."""
        z = 4.7
        self.panel(-2.3, -1.35, 0, 1.02, shade(_WOOD, 1.1), z)
        self.panel(-2.22, -1.43, 0.1, 0.92, shade(_WOOD, 1.25), z)
        self.panel(-2.38, -1.27, 1.02, 1.09, shade(_WOOD, 0.75), z)
        self.panel(-2.1, -2.07, 1.09, 1.36, (60, 54, 50), z)
        shade_corners = [(-2.24, 1.33), (-1.93, 1.33), (-2.01, 1.52), (-2.16, 1.52)]
        self.canvas.polygon([self.camera.project(x, y, z) for x, y in shade_corners], (250, 222, 160))
        book = [(-1.75, 1.09), (-1.45, 1.09), (-1.45, 1.14), (-1.75, 1.14)]
        self.canvas.polygon([self.camera.project(x, y, z) for x, y in book], (150, 50, 46))

    def plant(self, x: float, z: float, size: float) -> None:
        at = self.camera.project
        for turn in np.linspace(-1.15, 1.15, 9):
            tip = (x + 0.62 * size * float(np.sin(turn)), size * (0.5 + 0.85 * float(np.cos(turn))))
            side = 0.07 * size
            middle = ((x + tip[0]) / 2, (0.4 * size + tip[1]) / 2 + 0.08 * size)
            leaf = [(x, 0.4 * size), (middle[0] - side, middle[1]), tip, (middle[0] + side, middle[1])]
            self.canvas.polygon(
                [at(*point, z) for point in leaf], shade((70, 122, 74), 1 + 0.16 * float(np.cos(5 * turn)))
            )
        pot = [
            (x - 0.15 * size, 0),
            (x + 0.15 * size, 0),
            (x + 0.21 * size, 0.44 * size),
            (x - 0.21 * size, 0.44 * size),
        ]
        self.canvas.polygon([at(*point, z) for point in pot], (188, 104, 72))

    def street(self, image: Image) -> NDArray[np.bool_]:
        """Draw the door's frame, its open leaves and the evening street on ``image``; return the opening's mask."""
        middle, width, height = DOOR
        left, right = middle - width / 2, middle + width / 2
        painter = _RoomPainter(self.camera, Canvas(image, y_sign=1))
        painter.panel(left - 0.12, right + 0.12, 0, height + 0.12, _WOOD)
        (x0, y0), (x1, y1) = self.on_wall(left, height), self.on_wall(right, 0)
        opening = np.zeros(image.shape[:2], bool)
        opening[round(y0) : round(y1), round(x0) : round(x1)] = True
        dusk = image.copy()
        rows = np.linspace(0, 1, image.shape[0])[:, None, None]
        dusk[...] = np.array((66, 84, 128)) * (1 - rows) + np.array((190, 150, 140)) * rows
        beyond = _RoomPainter(self.camera, Canvas(dusk, y_sign=1))
        for x, wide, tall, colour in (
            (-1.6, 1.3, 3.4, (70, 72, 98)),
            (-0.2, 1.1, 2.3, (84, 80, 100)),
            (1.0, 1.5, 3.0, (62, 66, 92)),
        ):
            beyond.panel(x, x + wide, 0, tall, colour, 9.0)
            for column in np.arange(x + 0.2, x + wide - 0.2, 0.34):
                for low in np.arange(1.0, tall - 0.3, 0.5):
                    beyond.panel(column, column + 0.16, low, low + 0.26, (236, 200, 132), 9.0)
        beyond.panel(-4, 4, -1.5, 0.05, (120, 112, 114), 9.0)
        dusk = np.asarray(cv2.GaussianBlur(dusk, (0, 0), 7), np.uint8)
        image[opening] = dusk[opening]
        for hinge, direction in ((left, -1), (right, 1)):  # the glass leaves of the door, folded back into the room
            leaf = [
                (hinge, 0.02, WALL_Z),
                (hinge, height, WALL_Z),
                (hinge + direction * 0.2, height, 4.85),
                (hinge + direction * 0.2, 0.02, 4.85),
            ]
            corners = [self.camera.project(*corner) for corner in leaf]
            painter.canvas.polygon(corners, shade(_WOOD, 0.9))
            centre = np.mean(corners, axis=0)
            pane = [tuple((centre + 0.72 * (np.array(corner) - centre)).tolist()) for corner in corners]
            painter.canvas.polygon([(p[0], p[1]) for p in pane], (150, 172, 176))
        return opening


def _light(image: Image, camera: PinholeCamera) -> Image:
    """Draw three lamps with their glow, and darken the corners a little as a lens does."""
    canvas = Canvas(image, y_sign=1)
    rows, columns = np.mgrid[: camera.height, : camera.width].astype(np.float32)
    glow = np.zeros(image.shape[:2], np.float32)
    for x, z in ((-1.35, 4.2), (1.55, 4.2), (2.0, 3.0)):
        cord, bottom = camera.project(x, _CEILING, z), camera.project(x, 2.12, z)
        size = 0.17 * camera.scale(z)
        canvas.polygon(
            [(cord[0] - 1, 0), (cord[0] + 1, 0), (cord[0] + 1, bottom[1]), (cord[0] - 1, bottom[1])], (60, 54, 50)
        )
        canvas.polygon(
            [(bottom[0] - size, bottom[1]), (bottom[0] + size, bottom[1]), (bottom[0] + size * 0.35, bottom[1] - size),
             (bottom[0] - size * 0.35, bottom[1] - size)], (176, 74, 58))  # fmt: skip
        canvas.ellipse(bottom, (size * 0.6, size * 0.22), (255, 240, 200))
        glow += np.exp(-((columns - bottom[0]) ** 2 + (rows - bottom[1]) ** 2) / (2 * (3.2 * size) ** 2))
    corner = np.hypot((columns - camera.width / 2) / camera.width, (rows - camera.height / 2) / camera.height)
    lit = image * (1.0 - 0.28 * corner**2)[..., None] + (glow * 34)[..., None] * np.array((1.0, 0.85, 0.55))
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)
