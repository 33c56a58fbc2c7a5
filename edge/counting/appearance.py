"""What somebody wears, coarsely: enough to find a person again after seconds, nothing to know anyone by.

A dozen mean colours of what is below a face. They live in RAM with the track, which ends seconds after its face was
last seen; thousands of people wear the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.detection import Detection

Look = npt.NDArray[np.float32]
CELLS = (3, 4)
"""Columns and rows of mean colours."""
LENGTH = 3 * CELLS[0] * CELLS[1]
WIDTH, TOP, BOTTOM = 1.6, 0.75, 2.3
"""The clothes that are looked at: their width, and their edges below the face's centre, in face sizes."""
LEAST = 0.5
"""Share of them that must be on the frame."""


def look_of(image: Image, face: Detection) -> Look | None:
    """Mean colours below the face, float32 (36,), 0..255; None where too little of it is on the frame (uint8 BGR)."""
    height, width = image.shape[:2]
    x, y = face.centre
    left, right = x - WIDTH / 2 * face.size, x + WIDTH / 2 * face.size
    top, bottom = y + TOP * face.size, y + BOTTOM * face.size
    inside = image[
        int(max(top, 0)) : int(max(min(bottom, height), 0)), int(max(left, 0)) : int(max(min(right, width), 0))
    ]
    if inside.shape[0] * inside.shape[1] < LEAST * (right - left) * (bottom - top):
        return None
    return np.asarray(cv2.resize(inside, CELLS, interpolation=cv2.INTER_AREA), np.float32).reshape(-1)


def looks_of(image: Image, faces: Sequence[Detection]) -> list[Look | None]:
    """:func:`look_of` for each face."""
    return [look_of(image, face) for face in faces]
