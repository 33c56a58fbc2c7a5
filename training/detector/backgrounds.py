"""Backgrounds for composed scenes: drawn rooms, clutter, shapeless patches of skin and hair, and parts of faces.

None of them contains a whole face. A detector mistakes parts of faces for faces most easily, so they are included.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.cameras.frame import Image
from training.data.face_crops import SIDE, FaceCrop
from training.rendering.average_face import FacePicture
from training.rendering.canvas import PinholeCamera
from training.rendering.person import Person, Pose
from training.rendering.room import draw_room
from training.simulation.crowd import random_style
from training.simulation.routes import LOOK_AWAY_YAW

WIDTH, HEIGHT = 1280, 960
BACKS = 5
"""Number of people in a picture of people from behind."""
LARGEST_PART = 0.36
"""Largest part that is cut out of a face, as a share of its side: an eye, half a mouth, a cheek."""


class Backgrounds:
    """Pictures without a face; the same crops and generator state give the same pictures."""

    def __init__(self, crops: Sequence[FaceCrop], rng: np.random.Generator, count: int = 18) -> None:
        kinds = (self._room, self._backs, self._clutter, self._cloth, self._backs, self._parts)
        self._crops = crops
        self._pictures = [kinds[number % len(kinds)](rng) for number in range(count)]

    def draw(self, width: int, height: int, rng: np.random.Generator) -> Image:
        """A random part of one picture, uint8 BGR (height, width, 3), tinted at random and sometimes mirrored."""
        picture = self._pictures[int(rng.integers(len(self._pictures)))]
        share = float(rng.uniform(0.4, 1.0))
        wide = int(min(WIDTH, HEIGHT * width / height) * share)
        high = int(wide * height / width)
        x, y = int(rng.integers(WIDTH - wide + 1)), int(rng.integers(HEIGHT - high + 1))
        part = picture[y : y + high, x : x + wide]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        how = cv2.INTER_AREA if wide > width else cv2.INTER_LINEAR
        tint = rng.uniform(0.75, 1.25, 3) * rng.uniform(0.5, 1.3)
        scaled = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=how)
        return np.asarray(cv2.multiply(scaled, (*tint, 1.0)), np.uint8)  # type: ignore[call-overload]

    def _room(self, rng: np.random.Generator) -> Image:
        camera = PinholeCamera(
            WIDTH, HEIGHT, float(rng.uniform(0.7, 1.4)) * WIDTH, float(rng.uniform(0.25, 0.6)) * HEIGHT
        )
        return np.ascontiguousarray(draw_room(camera, rng).image[:, :, ::-1])

    def _backs(self, rng: np.random.Generator) -> Image:
        """A room with people seen from behind."""
        camera = PinholeCamera(
            WIDTH, HEIGHT, float(rng.uniform(0.7, 1.4)) * WIDTH, float(rng.uniform(0.3, 0.5)) * HEIGHT
        )
        image = draw_room(camera, rng).image.copy()
        distances = np.sort(rng.uniform(1.3, 5.2, BACKS))[::-1]
        for seed, away in enumerate(distances.tolist()):
            crop = self._crops[int(rng.integers(len(self._crops)))]
            face_picture = FacePicture(
                np.ascontiguousarray(crop.image[:, :, ::-1]), float(rng.uniform(5, 80)), "female", 1
            )
            aside = float(rng.uniform(-0.5, 0.5)) * away * WIDTH / camera.focal
            pose = Pose(aside, away, float(rng.uniform(0, 2)), LOOK_AWAY_YAW * float(rng.choice([-1, 1])))
            Person(face_picture, random_style(face_picture, rng), seed).draw(image, camera, pose)
        return np.ascontiguousarray(image[:, :, ::-1])

    def _clutter(self, rng: np.random.Generator) -> Image:
        image = np.full((HEIGHT, WIDTH, 3), rng.uniform(50, 200, 3), np.float32)
        for cell in (4, 16, 64, 240):
            noise = rng.normal(0, rng.uniform(2, 22), (HEIGHT // cell + 2, WIDTH // cell + 2)).astype(np.float32)
            grey = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            image += grey[..., None] * rng.uniform(0.6, 1.2, 3)
        for _ in range(60):
            x, y = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT))
            wide, high = (int(side) for side in rng.integers(6, 160, 2))
            colour = rng.uniform(10, 245, 3).tolist()
            thick = -1 if rng.random() < 0.6 else int(rng.integers(1, 6))
            if rng.random() < 0.5:
                cv2.rectangle(image, (x, y), (x + wide, y + high), colour, thick)
            else:
                cv2.ellipse(image, (x, y), (wide // 2, high // 2), float(rng.uniform(0, 180)), 0, 360, colour, thick)
        return np.clip(image, 0, 255).astype(np.uint8)

    def _cloth(self, rng: np.random.Generator) -> Image:
        """Patches of photographs, enlarged until nothing can be recognised, with blurred blobs of hair and skin."""
        blown_up = cv2.resize(self._part(rng), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        image: Image = np.asarray(cv2.GaussianBlur(blown_up, (0, 0), 25), np.uint8)
        for _ in range(50):
            wide, high = (int(side) for side in np.exp(rng.uniform(np.log(20), np.log(220), 2)))
            patch = cv2.resize(self._part(rng), (wide, high), interpolation=cv2.INTER_CUBIC)
            patch = cv2.GaussianBlur(patch, (0, 0), max(min(wide, high) / float(rng.uniform(4, 16)), 0.5))
            mask = np.zeros((high, wide), np.float32)
            cv2.ellipse(mask, (wide // 2, high // 2), (int(wide * 0.46), int(high * 0.46)), 0, 0, 360, 1, -1)
            self._lay(image, np.asarray(patch, np.uint8), cv2.GaussianBlur(mask, (0, 0), 1 + wide / 40), rng)
        return image

    def _parts(self, rng: np.random.Generator) -> Image:
        image = self._clutter(rng)
        for _ in range(120):
            side = int(np.exp(rng.uniform(np.log(14), np.log(140))))
            patch = cv2.resize(self._part(rng), (side, side), interpolation=cv2.INTER_AREA)
            turned = np.asarray(np.rot90(patch, int(rng.integers(4))), np.uint8)
            self._lay(image, turned, np.ones((side, side), np.float32), rng)
        return image

    def _part(self, rng: np.random.Generator) -> Image:
        side = int(rng.uniform(0.12, LARGEST_PART) * SIDE)
        x, y = rng.integers(SIDE - side + 1, size=2)
        return self._crops[int(rng.integers(len(self._crops)))].image[y : y + side, x : x + side]

    @staticmethod
    def _lay(image: Image, patch: Image, mask: np.ndarray, rng: np.random.Generator) -> None:
        high, wide = patch.shape[:2]
        x, y = int(rng.integers(WIDTH - wide)), int(rng.integers(HEIGHT - high))
        under = image[y : y + high, x : x + wide]
        under[...] = np.rint(under + (patch.astype(np.float32) - under) * mask[..., None])
