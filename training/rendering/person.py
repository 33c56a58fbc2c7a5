"""A drawn person who walks: body, clothes and gait, with a head made from a picture of a face."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from training.rendering.average_face import FacePicture
from training.rendering.canvas import Canvas, Colour, Image, PinholeCamera, Point, shade
from training.rendering.head import CHIN, CROWN, FACE_HEIGHT, FACE_TOP, FACE_WIDTH, HairStyle, Head, draw_head

Garment = Literal["shirt", "jacket", "dress"]

STEP_LENGTH = 0.62  # metres
HEAD_UNIT = 0.0012  # metres per pixel of an adult's face picture: heads are drawn a little larger than life
HEAD_WIDTH = 190  # pixels of the face picture, with hair
MAX_FACE_YAW = np.radians(75)
SHOES: Colour = (52, 44, 42)


@dataclass(frozen=True)
class PersonStyle:
    """How a person is drawn: ``height`` is in metres, colours are RGB, ``build`` scales the shoulders."""

    height: float
    hair_style: HairStyle
    hair: Colour
    garment: Garment
    top: Colour
    bottom: Colour
    build: float = 1.0


@dataclass(frozen=True)
class Box:
    """A face on the frame: left, top, width, height in pixels, fractions kept."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, camera: PinholeCamera) -> bool:
        """Whether the whole box is on the frame."""
        return (
            self.x >= 0
            and self.y >= 0
            and self.x + self.width <= camera.width
            and self.y + self.height <= camera.height
        )

    def covered_by(self, other: Box) -> float:
        """The share (0..1) of this box that lies under the other."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, wide) * max(0.0, high) / (self.width * self.height)


@dataclass(frozen=True)
class Pose:
    """Where a person is: metres right of the camera and in front of it, and metres walked so far.

    ``yaw`` says where the face is turned, in radians: 0 towards the camera, positive towards the image's right.
    """

    x: float
    z: float
    walked: float
    yaw: float = 0.0

    @property
    def phase(self) -> float:
        """Angle of the gait in radians; a full turn is two steps."""
        return float(np.pi * self.walked / STEP_LENGTH)


@dataclass(frozen=True)
class Person:
    """Somebody who can be drawn in any pose, from a face picture and a style; ``seed`` varies the strands of hair."""

    face_picture: FacePicture
    style: PersonStyle
    seed: int

    @cached_property
    def head(self) -> Head:
        """The head's sprites, drawn once."""
        return draw_head(self.face_picture, self.style.hair_style, self.style.hair, np.random.default_rng(self.seed))

    def release_sprites(self) -> None:
        """Free the sprites, a dozen megabytes; they are drawn again when they are needed."""
        self.__dict__.pop("head", None)

    @property
    def head_unit(self) -> float:
        """Metres per pixel of the face picture: small people's heads are nearly as large as tall people's."""
        return HEAD_UNIT * (0.62 + 0.38 * min(1.0, self.style.height / 1.72))

    def face_box(self, camera: PinholeCamera, pose: Pose) -> Box:
        """The box of the face on the frame, hairline to chin."""
        x, y = self._chin(camera, pose)
        unit = self.head_unit * camera.scale(pose.z)
        # A turned face moves aside on its head, and is narrower.
        aside, narrow = 0.38 * FACE_WIDTH * float(np.sin(pose.yaw)), 0.7 + 0.3 * max(float(np.cos(pose.yaw)), 0)
        width = FACE_WIDTH * narrow
        return Box(x + (aside - width / 2) * unit, y + (FACE_TOP - CHIN) * unit, width * unit, FACE_HEIGHT * unit)

    def covered_boxes(self, camera: PinholeCamera, pose: Pose) -> tuple[Box, Box]:
        """The two boxes that the person covers: the head, and the body from the shoulders down."""
        x, y = self._chin(camera, pose)
        unit, scale = self.head_unit * camera.scale(pose.z), camera.scale(pose.z)
        head = Box(x - HEAD_WIDTH / 2 * unit, y + (CROWN - CHIN) * unit, HEAD_WIDTH * unit, (CHIN - CROWN) * unit)
        size = self.style.height / 1.72
        half = 0.23 * self.style.build * size * scale
        ground = camera.project(pose.x, 0, pose.z)[1]
        return head, Box(x - half, y + 0.03 * size * scale, 2 * half, ground - y)

    def bounding_box(self, camera: PinholeCamera, pose: Pose) -> Box:
        """The box around the whole person, from the crown to the floor; it may reach beyond the frame."""
        width, height = (0.52 * self.style.build * self.style.height / 1.72, self.style.height)
        x, y = camera.project(pose.x, height, pose.z)
        scale = camera.scale(pose.z)
        return Box(x - width * scale / 2, y, width * scale, height * scale)

    def draw(self, image: Image, camera: PinholeCamera, pose: Pose) -> None:
        """Draw the person on ``image`` (uint8 RGB (height, width, 3)), in place."""
        chin, unit = self._chin(camera, pose), self.head_unit * camera.scale(pose.z)
        tilt = 0.02 * float(np.sin(pose.phase))
        ground = camera.project(pose.x, 0, pose.z)
        _shadow(image, ground, 0.3 * camera.scale(pose.z))
        self.head.paste(image, self.head.behind, chin, unit, tilt)
        self._body(Canvas(image, (chin[0], ground[1]), camera.scale(pose.z)), pose)
        if abs(pose.yaw) < MAX_FACE_YAW:
            self.head.paste(image, self.head.front, chin, unit, tilt, pose.yaw)
        else:
            self.head.paste(image, self.head.back, chin, unit, tilt)

    def _chin(self, camera: PinholeCamera, pose: Pose) -> Point:
        """The chin's pixel; in two steps it bobs twice and sways once."""
        height = self.style.height - (CHIN - CROWN) * self.head_unit
        bob, sway = 0.016 * abs(float(np.cos(pose.phase))), 0.012 * float(np.sin(pose.phase))
        return camera.project(pose.x + sway, height + bob, pose.z)

    def _body(self, canvas: Canvas, pose: Pose) -> None:
        """Draw everything below the chin, in metres above the floor and sideways from the spine."""
        style, skin = self.style, self.head.skin
        size = style.height / 1.72
        bob = 0.016 * abs(float(np.cos(pose.phase)))
        chin = style.height - (CHIN - CROWN) * self.head_unit + bob
        shoulder, hip = chin - 0.045 * size, 0.5 * style.height + bob
        wide, narrow = 0.205 * size * style.build, 0.155 * size * style.build
        swing = float(np.sin(pose.phase))
        self._legs(canvas, hip, narrow, swing)
        self._arm(canvas, -wide, shoulder, -swing)
        self._arm(canvas, wide, shoulder, swing)
        neck = shade(skin, 0.8)
        canvas.limb((0, chin + 0.05 * size), (0, shoulder - 0.05 * size), (0.066 * size, 0.072 * size), neck)
        canvas.curve(_torso(wide, narrow, shoulder, hip, size), style.top)
        neckline = [(-0.08, 0.035), (0.08, 0.035), (0.05, -0.045), (-0.05, -0.045)]
        if style.garment == "jacket":
            canvas.polygon(
                [(-0.075 * size, shoulder - 0.01), (0.075 * size, shoulder - 0.01), (0, hip + 0.1)], (236, 232, 224)
            )
            for side in (-1, 1):
                lapel = [(0.06, 0.045), (0.125, -0.04), (0.1, -0.1), (0.012, hip + 0.08 - shoulder)]
                canvas.polygon([(side * x * size, shoulder + y) for x, y in lapel], shade(style.top, 0.82))
            neckline = [(-0.07, 0.035), (0.07, 0.035), (0, -0.07)]
        elif style.garment == "shirt":
            canvas.polygon(
                [(-0.012, shoulder), (0.012, shoulder), (0.012, hip - 0.06), (-0.012, hip - 0.06)],
                shade(style.top, 0.9),
            )
        canvas.curve([(x * size, shoulder + y * size) for x, y in neckline], neck)
        canvas.ellipse((0, chin + 0.012 * size), (0.07 * size, 0.035 * size), shade(skin, 0.7))
        if style.garment == "dress":
            hem = 0.27 * style.height
            flare = narrow * 1.5 + 0.02 * swing
            waist = hip + 0.1 * size
            canvas.curve(
                [(-narrow * 0.98, waist), (narrow * 0.98, waist), (flare, hem), (0, hem - 0.02), (-flare, hem)],
                style.top,
            )
            canvas.limb(
                (-narrow * 0.9, waist), (narrow * 0.9, waist), (0.018 * size, 0.018 * size), shade(style.top, 0.75)
            )

    def _legs(self, canvas: Canvas, hip: float, narrow: float, swing: float) -> None:
        size = self.style.height / 1.72
        colour = shade(self.head.skin, 0.85) if self.style.garment == "dress" else self.style.bottom
        for side, lift in ((-1, max(0.0, swing)), (1, max(0.0, -swing))):
            x = side * narrow * 0.52
            foot = (x + side * 0.01, 0.05 * size + 0.09 * lift)
            knee = (x + side * 0.015, hip * 0.52 + 0.05 * lift)
            tone = shade(colour, 0.9 if lift else 1.0)
            canvas.limb((x, hip), knee, (0.088 * size, 0.07 * size), tone)
            canvas.limb(knee, foot, (0.068 * size, 0.048 * size), tone)
            canvas.ellipse((foot[0] + side * 0.012, foot[1] - 0.025 * size), (0.058 * size, 0.042 * size), SHOES)

    def _arm(self, canvas: Canvas, shoulder_x: float, shoulder: float, swing: float) -> None:
        size = self.style.height / 1.72
        side = 1 if shoulder_x > 0 else -1
        top = (shoulder_x - side * 0.05 * size, shoulder - 0.07 * size)
        elbow = (shoulder_x + side * 0.015 * size, shoulder - 0.33 * size)
        hand = (shoulder_x - side * 0.015 * swing, shoulder - (0.57 + 0.03 * swing) * size)
        sleeve = shade(self.style.top, 0.84)
        canvas.ellipse((hand[0], hand[1] - 0.03 * size), (0.042 * size, 0.058 * size), shade(self.head.skin, 0.9))
        canvas.limb(top, elbow, (0.06 * size, 0.05 * size), sleeve)
        canvas.limb(elbow, hand, (0.05 * size, 0.038 * size), sleeve)


def _torso(wide: float, narrow: float, shoulder: float, hip: float, size: float) -> list[Point]:
    half: list[Point] = [
        (0.07 * size, shoulder + 0.035 * size), (wide * 0.72, shoulder), (wide * 0.97, shoulder - 0.07 * size),
        (wide * 0.93, shoulder - 0.2 * size), (narrow * 0.93, (shoulder + hip) / 2 - 0.04), (narrow * 1.02, hip - 0.02),
        (narrow * 0.8, hip - 0.07),
    ]  # fmt: skip
    return half + [(-x, y) for x, y in reversed(half)]


def _shadow(image: Image, ground: Point, radius: float) -> None:
    """Darken the floor under the feet, softly towards the edge."""
    left, right = int(max(0, ground[0] - radius)), int(min(image.shape[1], ground[0] + radius + 1))
    top, bottom = int(max(0, ground[1] - radius * 0.3)), int(min(image.shape[0], ground[1] + radius * 0.3 + 1))
    if left >= right or top >= bottom:
        return
    x, y = np.arange(left, right)[None, :] - ground[0], np.arange(top, bottom)[:, None] - ground[1]
    depth = np.clip(1 - np.hypot(x / radius, y / (radius * 0.3)), 0, 1)[..., None]
    image[top:bottom, left:right] = np.rint(image[top:bottom, left:right] * (1 - 0.45 * depth)).astype(np.uint8)
