"""Is it a face? The question is asked once more before a track becomes a visit.

Hair, a nape or a shelf may pass for a small face in frame after frame. Cut out with fixed surroundings and shown to the
detector again at a scale that it knows well, it scores low, while a face stays a face.
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
"""Side of the context in face sizes. Measured on the shared clips: median scores of faces and of what only looked like
one were 0.60-0.66 against 0-0.38 at 4.5; at 2, 3 and 6 they lay closer together."""
MIN_SCORE = 0.5
"""Least second score of a face, and least median of a visit's second scores."""
WEAK_DETECTION_MIN_SCORE = 0.7
"""Least second score of a weak detection: on recordings of backs and shelves some reach 0.6 for seconds."""


def context_of(image: Image, face: Detection, size: int) -> Image:
    """The surroundings of a face, uint8 BGR (size, size, 3); black beyond the frame."""
    side = SURROUNDINGS * face.size
    x, y = face.centre
    scale = size / side
    shift = np.array([[scale, 0, size / 2 - x * scale - 0.5], [0, scale, size / 2 - y * scale - 0.5]])
    return np.asarray(cv2.warpAffine(image, shift, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def are_verified(contexts: Sequence[Image], detector: FaceDetector) -> bool:
    """Whether the median of the contexts' second scores is that of a face; False if there are none."""
    return bool(contexts) and median(verification_score(context, detector) for context in contexts) >= MIN_SCORE


def required_score(face: Detection, min_score: float) -> float:
    """Second score that a detection needs; ``min_score`` is that from which its first one is confident."""
    return MIN_SCORE if face.score >= min_score else WEAK_DETECTION_MIN_SCORE


def verification_score(context: Image, detector: FaceDetector) -> float:
    """The score, 0..1, of the face in the middle of a context."""
    size = context.shape[0]
    expected = size / SURROUNDINGS
    scores = [
        face.score
        for face in detector.detect(context, 0, 0, size)
        if np.hypot(face.centre[0] - size / 2, face.centre[1] - size / 2) < expected / 2
        and 0.5 < face.size / expected < 2
    ]
    return max(scores, default=0.0)
