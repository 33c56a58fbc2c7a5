"""Training targets of the detector: squares of composed scenes, and where they have faces and where they have none.

The float detector is the teacher for scores and boxes. But it misses small, dark and blurred faces, and reports some
where there are none. There the composition, which knows the truth, overrules it: the anchor whose quarter of a cell
contains the middle of a face must be sure of it, and far from every face no anchor may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.vision.card import Anchors
from edge.vision.detection import Float32Array
from edge.vision.detector import anchor_centres, cut_square
from training.data.face_crops import FaceCrop
from training.detector.backgrounds import Backgrounds
from training.detector.blazeface import ANCHORS, SIZE
from training.detector.composites import STYLES, ComposedScene, SceneFace, compose_scene

QUARTER = SIZE / 48
"""Side of the area that an anchor is responsible for, in pixels of the square."""
TRAINED_SIDES = (10.0, 120.0)
"""Smallest and largest side of a face, in pixels of the square, for which there is a target."""
SMALL_FACE = 24.0
"""A face with a shorter side, in pixels of the square, counts as small."""
MIN_LOGIT, SMALL_MIN_LOGIT = 2.2, 1.5
"""Lowest logit of a face's own anchor, and of a small face's; the teacher gives a clear face 1 to 2."""
FACE_REACH = 0.4
"""A face concerns anchors up to this distance from its middle, in sides of the face; at least :data:`MIN_REACH`."""
MIN_REACH = 10.0
"""Pixels."""
SCENE_SIZE, MAX_SCENE_FACES = (480, 360), 5
"""Size of a scene in pixels, and its largest number of faces; larger scenes would only take longer."""
SQUARES_PER_SCENE = 4
"""Squares that are cut out of each scene."""
FACE_SQUARES_SHARE = 0.8
"""Share of squares that are chosen around a face."""


class TrainingTarget(NamedTuple):
    """A square of a scene and its truth.

    Attributes:
        pixels: uint8 RGB (192, 192, 3).
        min_logit: float32 (2304,), the logit that an anchor must reach; -inf where there is no target.
        background: bool (2304,), True for anchors far from every face.
        points: float32 (2304, 16), box and landmarks in the network's form, in pixels, where ``min_logit`` is finite.
        size: float32 (2304,), side of the anchor's face in pixels; 1 for anchors without one.
    """

    pixels: npt.NDArray[np.uint8]
    min_logit: Float32Array
    background: npt.NDArray[np.bool_]
    points: Float32Array
    size: Float32Array


def _anchor_centres() -> Float32Array:
    """The middle of each anchor's area, (2304, 2) pixels: a cell's quarters row by row, cell by cell."""
    fine = anchor_centres(Anchors(cells=(48,), per_cell=(1,))).reshape(24, 2, 24, 2, 2)
    return np.asarray(fine.swapaxes(1, 2).reshape(ANCHORS, 2) * SIZE, np.float32)


ANCHOR_CENTRES = _anchor_centres()
CELL_CENTRES = anchor_centres(Anchors(cells=(24,), per_cell=(4,))) * SIZE
"""The points from which boxes and landmarks are measured, float32 (2304, 2) pixels."""


def training_targets(crops: Sequence[FaceCrop], backgrounds: Backgrounds, seed: int) -> Iterator[TrainingTarget]:
    """Endless squares; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    while True:
        scene = compose_scene(
            STYLES[int(rng.integers(len(STYLES)))], crops, backgrounds, rng, SCENE_SIZE, MAX_SCENE_FACES
        )
        image = next(scene.noisy_frames(rng))
        for _ in range(SQUARES_PER_SCENE):
            left, top, side = _square(scene, rng)
            yield target_of(cut_square(image, left, top, side, SIZE)[:, :, ::-1], scene.faces, (left, top, side))


def target_of(
    pixels: npt.NDArray[np.uint8], faces: Sequence[SceneFace], square: tuple[int, int, int]
) -> TrainingTarget:
    """The target for one square (left, top, side), in pixels, of a scene with ``faces``."""
    left, top, side = square
    scale = SIZE / side
    min_logit = np.full(ANCHORS, -np.inf, np.float32)
    background = np.ones(ANCHORS, bool)
    points, sizes = np.zeros((ANCHORS, 16), np.float32), np.ones(ANCHORS, np.float32)
    for face in faces:
        box = (face.box - [left, top, 0, 0]) * scale
        middle, size = box[:2] + box[2:] / 2, float(np.sqrt(box[2] * box[3]))
        distances = np.abs(ANCHOR_CENTRES - middle).max(1)
        background &= distances > max(FACE_REACH * size, MIN_REACH)
        whole = bool((box[:2] >= -0.05 * size).all() and (box[:2] + box[2:] <= SIZE + 0.05 * size).all())
        if not (face.clear and whole and TRAINED_SIDES[0] <= size <= TRAINED_SIDES[1]):
            continue
        own = int(distances.argmin())
        landmarks = (face.landmarks - [left, top]) * scale - CELL_CENTRES[own]
        min_logit[own] = MIN_LOGIT if size >= SMALL_FACE else SMALL_MIN_LOGIT
        points[own] = np.concatenate([middle - CELL_CENTRES[own], box[2:], landmarks.ravel()])
        sizes[own] = size
    return TrainingTarget(np.ascontiguousarray(pixels), min_logit, background, points, sizes)


def _square(scene: ComposedScene, rng: np.random.Generator) -> tuple[int, int, int]:
    height, width = scene.image.shape[:2]
    low, high = SIZE // 2, 2 * max(width, height)
    if rng.random() >= FACE_SQUARES_SHARE:
        side = int(np.exp(rng.uniform(np.log(low), np.log(max(width, height)))))
        return int(rng.integers(-side // 4, width - side * 3 // 4 + 1)), int(rng.integers(-side // 4, height)), side
    box = scene.faces[int(rng.integers(len(scene.faces)))].box
    side_shown = float(np.exp(rng.uniform(*np.log(TRAINED_SIDES))))
    side = int(np.clip(float(box[2]) * SIZE / side_shown, low, high))
    place = box[:2] + box[2:] / 2 - side * rng.uniform(0.15, 0.85, 2)
    return int(place[0]), int(place[1]), side
