"""What the rounded detector is taught: squares of composed scenes, and where in them are faces and where are none.

The float detector is the teacher of all that scores and boxes are. But it misses small, dark and blurred faces, and
sees some where there are none. There the composition says what is true: the anchor in whose quarter of a cell a face's
middle lies has to be sure of it, and far from every face none may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.vision.card import Anchors
from edge.vision.detection import Floats
from edge.vision.detector import anchor_centres, cut_square
from training.data.face_crops import Chip
from training.detector.backgrounds import Backdrops
from training.detector.blazeface import ANCHORS, SIZE
from training.detector.composites import STYLES, Composed, Placed, compose

QUARTER = SIZE / 48
"""Side of what an anchor answers for, in pixels of the square."""
SHOWN = (10.0, 120.0)
"""Sides that a face that is taught has in the square, in pixels."""
SMALL = 24.0
MARGIN, SMALL_MARGIN = 2.2, 1.5
"""Least logit of a face's own anchor, and of one below :data:`SMALL`; the teacher gives a clear face 1 to 2."""
AROUND = 0.4
"""No further from its middle, in sides, has a face a say; at least :data:`NEAR` pixels."""
NEAR = 10.0
VIEW, MOST = (480, 360), 5
"""Size of a scene in pixels, and the most faces in it; large ones would only take longer."""
SQUARES = 4
"""Of each scene."""
SEEKING = 0.8
"""Share of squares that are drawn around a face."""


class Lesson(NamedTuple):
    """A square and its truth.

    Attributes:
        pixels: uint8 RGB (192, 192, 3).
        least: float32 (2304,), logit that an anchor must reach; -inf where nothing is known.
        free: bool (2304,), far from every face.
        points: float32 (2304, 16), box and landmarks as the network gives them, in pixels, where ``least`` is finite.
        size: float32 (2304,), side of that face in pixels, 1 elsewhere.
    """

    pixels: npt.NDArray[np.uint8]
    least: Floats
    free: npt.NDArray[np.bool_]
    points: Floats
    size: Floats


def _quarters() -> Floats:
    """The middles of what each anchor answers for, (2304, 2) pixels: a cell's quarters row by row, cell by cell."""
    fine = anchor_centres(Anchors(cells=(48,), per_cell=(1,))).reshape(24, 2, 24, 2, 2)
    return np.asarray(fine.swapaxes(1, 2).reshape(ANCHORS, 2) * SIZE, np.float32)


QUARTERS = _quarters()
CELLS = anchor_centres(Anchors(cells=(24,), per_cell=(4,))) * SIZE
"""From where boxes and landmarks count."""


def lessons(chips: Sequence[Chip], backdrops: Backdrops, seed: int) -> Iterator[Lesson]:
    """Squares without end; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    while True:
        scene = compose(STYLES[int(rng.integers(len(STYLES)))], chips, backdrops, rng, VIEW, MOST)
        image = next(scene.shots(rng))
        for _ in range(SQUARES):
            left, top, side = _square(scene, rng)
            yield lesson(cut_square(image, left, top, side, SIZE)[:, :, ::-1], scene.faces, (left, top, side))


def lesson(pixels: npt.NDArray[np.uint8], faces: Sequence[Placed], square: tuple[int, int, int]) -> Lesson:
    """The truth of one square (left, top, side) of a scene with ``faces``."""
    left, top, side = square
    scale = SIZE / side
    least = np.full(ANCHORS, -np.inf, np.float32)
    free = np.ones(ANCHORS, bool)
    points, sizes = np.zeros((ANCHORS, 16), np.float32), np.ones(ANCHORS, np.float32)
    for face in faces:
        box = (face.box - [left, top, 0, 0]) * scale
        middle, size = box[:2] + box[2:] / 2, float(np.sqrt(box[2] * box[3]))
        apart = np.abs(QUARTERS - middle).max(1)
        free &= apart > max(AROUND * size, NEAR)
        whole = bool((box[:2] >= -0.05 * size).all() and (box[:2] + box[2:] <= SIZE + 0.05 * size).all())
        if not (face.plain and whole and SHOWN[0] <= size <= SHOWN[1]):
            continue
        own = int(apart.argmin())
        landmarks = (face.landmarks - [left, top]) * scale - CELLS[own]
        least[own] = MARGIN if size >= SMALL else SMALL_MARGIN
        points[own] = np.concatenate([middle - CELLS[own], box[2:], landmarks.ravel()])
        sizes[own] = size
    return Lesson(np.ascontiguousarray(pixels), least, free, points, sizes)


def _square(scene: Composed, rng: np.random.Generator) -> tuple[int, int, int]:
    height, width = scene.image.shape[:2]
    low, high = SIZE // 2, 2 * max(width, height)
    if rng.random() >= SEEKING:
        side = int(np.exp(rng.uniform(np.log(low), np.log(max(width, height)))))
        return int(rng.integers(-side // 4, width - side * 3 // 4 + 1)), int(rng.integers(-side // 4, height)), side
    box = scene.faces[int(rng.integers(len(scene.faces)))].box
    shown = float(np.exp(rng.uniform(*np.log(SHOWN))))
    side = int(np.clip(float(box[2]) * SIZE / shown, low, high))
    place = box[:2] + box[2:] / 2 - side * rng.uniform(0.15, 0.85, 2)
    return int(place[0]), int(place[1]), side
