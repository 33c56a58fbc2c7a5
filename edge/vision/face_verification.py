"""Verifying faces: the detector is run a second time before a track becomes a visit.

Hair, the back of a head or a shelf may look like a small face in frame after frame. If it is cut out with fixed
surroundings and shown to the detector again, at a scale that the detector knows well, it scores low, while a real face
still scores high.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import cv2
import numpy as np

from edge.cameras.frame import Image
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector

SURROUNDINGS = 4.5
"""Side of the context in face sizes. Measured on the shared clips: at 4.5 the median scores were 0.60-0.66 for faces
and 0-0.38 for things that only looked like faces; at 2, 3 and 6 they were closer together."""
MIN_SCORE = 0.5
"""Lowest second score of a face, and lowest median of the second scores of a visit."""
WEAK_DETECTION_MIN_SCORE = 0.7
"""Lowest second score of a weak detection: on recordings of backs and shelves some reach 0.6 for seconds."""


def context_of(image: Image, face: Detection, size: int) -> Image:
    """The context of a face (it and its surroundings), uint8 BGR (size, size, 3); black beyond the frame."""
    side = SURROUNDINGS * face.size
    x, y = face.centre
    scale = size / side
    shift = np.array([[scale, 0, size / 2 - x * scale - 0.5], [0, scale, size / 2 - y * scale - 0.5]])
    return np.asarray(cv2.warpAffine(image, shift, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def are_verified(contexts: Sequence[Image], detector: FaceDetector) -> bool:
    """Whether the median of the contexts' second scores is high enough for a face; False without contexts."""
    return bool(contexts) and median(verification_score(context, detector) for context in contexts) >= MIN_SCORE


def required_score(face: Detection, min_score: float) -> float:
    """Second score that a detection needs; it is confident if its first score is at least ``min_score``."""
    return MIN_SCORE if face.score >= min_score else WEAK_DETECTION_MIN_SCORE


def verification_score(context: Image, detector: FaceDetector) -> float:
    """The second score: the detector's score, 0..1, of the face in the middle of a context; 0 without one."""
    size = context.shape[0]
    expected = size / SURROUNDINGS
    scores = [
        face.score
        for face in detector.detect(context, 0, 0, size)
        if np.hypot(face.centre[0] - size / 2, face.centre[1] - size / 2) < expected / 2
        and 0.5 < face.size / expected < 2
    ]
    return max(scores, default=0.0)
