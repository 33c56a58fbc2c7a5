"""Aligned pictures of faces with their boxes and landmarks, from which scenes for the detector are composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.cameras.frame import Image
from edge.cameras.still import read_image
from edge.vision.alignment import crop_aligned
from edge.vision.detection import Float32Array
from edge.vision.detector import FaceDetector
from training.data.alignment_reference import REFERENCE
from training.data.dataset import Sample

SIDE = 200
MEDIAN_BOX = np.array([0.005, -0.01, 0.99, 0.99], np.float32)
"""Left, top, width and height of the detector's box, as fractions of the picture's side."""
EARS = ((0.102, 0.388), (0.898, 0.388))
LANDMARKS = np.array([*REFERENCE, *EARS], np.float32)
"""Eyes, nose tip, mouth and ears, in the same unit. The box and the ears are medians over 831 training faces, made
symmetric."""
MAX_LANDMARK_DISTANCE = 0.12
"""If the detector places eyes, nose or mouth further from there than this share of the side, it has found somebody else
in the picture, or the face is tilted."""
MIRRORED_ORDER = [1, 0, 2, 3, 5, 4]


@dataclass(frozen=True, eq=False)
class FaceCrop:
    """A picture of a face, uint8 BGR (200, 200, 3), with its box (4,) and landmarks (6, 2) as fractions of its side.

    ``detected``: box and landmarks come from the detector; otherwise they are those of the median face.
    """

    image: Image
    box: Float32Array
    landmarks: Float32Array
    detected: bool

    def mirrored(self) -> FaceCrop:
        """The mirror image of the face."""
        left, top, width, height = self.box
        landmarks = (self.landmarks * [-1, 1] + [1, 0])[MIRRORED_ORDER].astype(np.float32)
        box = np.array([1 - left - width, top, width, height], np.float32)
        return FaceCrop(np.ascontiguousarray(self.image[:, ::-1]), box, landmarks, self.detected)


def read_face_crops(samples: Sequence[Sample], detector: FaceDetector) -> list[FaceCrop]:
    """Read the pictures of ``samples``, which must be face crops, and detect the face in each."""
    return [_face_crop(crop_aligned(read_image(sample.path), SIDE), detector) for sample in samples]


def _face_crop(image: Image, detector: FaceDetector) -> FaceCrop:
    # Search with a margin around the picture: the detector expects surroundings.
    for face in detector.detect(image, -SIDE // 2, -SIDE // 2, 2 * SIDE):
        landmarks = np.asarray(face.landmarks / SIDE, np.float32)
        if np.abs((landmarks - LANDMARKS)[: len(REFERENCE)]).max() < MAX_LANDMARK_DISTANCE:
            box = np.asarray(np.array(face.box, np.float32) / SIDE, np.float32)
            return FaceCrop(image, box, landmarks, True)
    return FaceCrop(image, MEDIAN_BOX, LANDMARKS, False)


def box_and_landmarks(crop: FaceCrop, transform: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Box and landmarks of a crop in pixels of a frame; ``transform`` (2, 3) maps fractions of its side to pixels."""
    linear, shift = transform[:, :2], transform[:, 2]
    left, top, width, height = crop.box
    centre = linear @ np.array([left + width / 2, top + height / 2]) + shift
    # The detector's boxes are level however a head is tilted.
    sides = np.array([width, height]) * float(np.hypot(*linear[:, 0]))
    box = np.concatenate([centre - sides / 2, sides]).astype(np.float32)
    return box, (crop.landmarks @ linear.T + shift).astype(np.float32)


def shrink(image: Image, side: float) -> Image:
    """A crop's picture at about ``side`` pixels, without aliasing; unchanged if ``side`` is larger than the picture."""
    if side >= SIDE:
        return image
    size = max(round(side), 1)
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
