"""Drawing boxes and estimates onto a photo, as in the figures of the paper."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.cameras.frame import Image
from edge.vision.analyze import Face

FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT_COLOUR = (255, 255, 255)
# Blue-green and orange (BGR), which people with red-green colour blindness can tell apart. Grey for a child.
COLOURS = {"female": (20, 110, 230), "male": (150, 120, 0), None: (110, 110, 110)}


def annotate(image: Image, faces: Sequence[Face]) -> Image:
    """A copy of the uint8 BGR photo with a box and a label for each face: gender, its probability, age and interval."""
    drawn = image.copy()
    height, width = drawn.shape[:2]
    scale = float(np.clip(min(width, height) / 900, 0.4, 2.5))
    line = max(round(2 * scale), 1)
    for face in faces:
        colour = COLOURS[face.gender]
        left, top, box_width, box_height = face.box
        corners = (round(left), round(top)), (round(left + box_width), round(top + box_height))
        cv2.rectangle(drawn, *corners, colour, line, cv2.LINE_AA)
        low, high = face.age_interval
        probability = face.gender_probability
        gender = "child" if probability is None else f"{face.gender} {100 * probability:.0f}%"
        _label(drawn, [gender, f"{face.age:.0f} ({low:.0f}-{high:.0f})"], corners, colour, scale)
    return drawn


def _label(
    drawn: Image, texts: list[str], corners: tuple[tuple[int, int], tuple[int, int]], colour: tuple[int, int, int],
    scale: float,
) -> None:  # fmt: skip
    height, width = drawn.shape[:2]
    thickness = max(round(1.4 * scale), 1)
    sizes = [cv2.getTextSize(text, FONT, 0.6 * scale, thickness)[0] for text in texts]
    row, pad = round(24 * scale), round(4 * scale)
    label_width, label_height = max(size[0] for size in sizes) + 2 * pad, row * len(texts) + pad
    # Above the face, or below it if there is no room; always inside the picture.
    (left, top), (_, bottom) = corners
    y = top - label_height if top >= label_height else min(bottom, height - label_height)
    x = min(max(left, 0), max(width - label_width, 0))
    y = max(y, 0)
    cv2.rectangle(drawn, (x, y), (x + label_width, y + label_height), colour, cv2.FILLED)
    for index, text in enumerate(texts, start=1):
        cv2.putText(
            drawn, text, (x + pad, y + index * row - pad), FONT, 0.6 * scale, TEXT_COLOUR, thickness, cv2.LINE_AA
        )
