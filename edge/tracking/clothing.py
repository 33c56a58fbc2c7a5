"""What a person wears, coarsely: enough to find the person again after some seconds, too little to recognise anyone.

These are a dozen mean colours of the clothes below a face. They live in RAM with the track, which ends seconds after
its face was last seen, and thousands of people wear the same colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.detection import Detection

ClothingColours = npt.NDArray[np.float32]
CELLS = (3, 4)
"""Columns and rows of mean colours."""
LENGTH = 3 * CELLS[0] * CELLS[1]
WIDTH, TOP, BOTTOM = 1.6, 0.75, 2.3
"""The part of the clothes that is measured: its width, and its upper and lower edge below the face's centre, in face
sizes."""
MIN_VISIBLE = 0.5
"""Share of that part that must be inside the frame."""

BODY, NECK = 2.5, 0.6
"""A body's width, and where it begins below the face's centre, in face sizes."""
NEARER = 1.0
"""A person whose face is more than this many times as large stands in front."""
DARK = 8.0
"""Grey levels added to the brightness, so that noise does not make black clothes look different."""
COVERED = 0.25
"""If more than this share of the clothes' width or height is behind somebody nearer, they are not measured."""


def clothing_of(image: Image, face: Detection) -> ClothingColours | None:
    """Mean colours below the face, float32 (36,), 0..255; None where too little is inside the frame (uint8 BGR)."""
    height, width = image.shape[:2]
    x, y = face.centre
    left, right = x - WIDTH / 2 * face.size, x + WIDTH / 2 * face.size
    top, bottom = y + TOP * face.size, y + BOTTOM * face.size
    inside = image[
        int(max(top, 0)) : int(max(min(bottom, height), 0)), int(max(left, 0)) : int(max(min(right, width), 0))
    ]
    if inside.shape[0] * inside.shape[1] < MIN_VISIBLE * (right - left) * (bottom - top):
        return None
    return np.asarray(cv2.resize(inside, CELLS, interpolation=cv2.INTER_AREA), np.float32).reshape(-1)


def visible_clothing(image: Image, faces: Sequence[Detection]) -> list[ClothingColours | None]:
    """:func:`clothing_of` for each face; also None where somebody nearer covers the clothes."""
    free = is_clothing_visible(faces)
    return [clothing_of(image, face) if seen else None for face, seen in zip(faces, free, strict=True)]


def is_clothing_visible(faces: Sequence[Detection]) -> list[bool]:
    """For each face, whether its clothes are visible: no body of a larger face is in front of them."""
    boxes = np.array([[*face.centre, face.size] for face in faces], np.float64).reshape(-1, 3)
    x, y, size = boxes.T
    half = (WIDTH / 2 * size)[:, None] + BODY / 2 * size
    beside = np.abs(x[:, None] - x) > half - COVERED * WIDTH * size[:, None]
    below = (y + NECK * size) > (y + BOTTOM * size)[:, None] - COVERED * (BOTTOM - TOP) * size[:, None]
    behind = size <= size[:, None] * NEARER
    free: npt.NDArray[np.bool_] = np.all(beside | below | behind, axis=1)
    return [bool(seen) for seen in free]


def differences(some: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """How much clothes differ, as a share of their brightness: (n, 36) and (m, 36) -> (n, m); NaN where one is NaN."""
    brightness = (some.mean(axis=-1)[:, None] + others.mean(axis=-1)) / 2 + DARK
    return np.asarray(np.abs(some[:, None] - others).mean(axis=-1) / brightness, np.float64)


def difference(clothing: ClothingColours, other: ClothingColours) -> float:
    """:func:`differences` of two."""
    return float(differences(clothing[None], other[None])[0, 0])
