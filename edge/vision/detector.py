"""The BlazeFace detector on one square of an image: anchors, decoding, and blending of overlapping boxes.

V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", CVPR workshop 2019. Overlapping
boxes are averaged by score instead of discarded, as the paper proposes against jitter.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.bundle import Bundle
from edge.vision.card import Anchors, Card, Output
from edge.vision.detection import Detection, Float32Array, intersection_over_smaller, intersection_over_union
from edge.vision.preprocess import Preprocess

KEYPOINTS = 6
SAME_FACE = 0.3
"""Boxes that overlap by this much (intersection over union) show the same face."""
NESTED = 0.6
"""So do two boxes if this share of the smaller one lies inside the larger one; then only the better one counts."""


class FaceDetector:
    """Finds faces in squares of an image. ``min_score`` (0..1) is the lowest score that is reported."""

    def __init__(self, bundle: Bundle, threads: int = 1, min_score: float = 0.5) -> None:
        self._interpreter = bundle.require("face-detection").interpreter(threads)
        self._preprocess = Preprocess(bundle.card.input, self._interpreter.inputs[0])
        self._scores, *self._places = detector_outputs(bundle.card)
        assert bundle.card.anchors is not None  # noqa: S101 (the bundle reader has checked it)
        self._anchors = anchor_centres(bundle.card.anchors)
        self.input_size = bundle.card.input.width
        self.min_score = min_score

    def detect(self, image: Image, left: int, top: int, side: int) -> list[Detection]:
        """Find the faces in the square ``[left, left+side) x [top, top+side)`` of a uint8 BGR image, in its pixels.

        The square may reach beyond the image; the missing part is black.
        """
        outputs = self._interpreter.run(self._preprocess(cut_square(image, left, top, side, self.input_size)))
        logits = self._dequantised(self._scores, outputs)[:, 0]
        keep = logits > np.log(self.min_score / (1 - self.min_score))
        if not keep.any():
            return []
        scores = 1 / (1 + np.exp(-np.clip(logits[keep], -60, 60)))
        raw = np.concatenate([self._dequantised(part, outputs, keep) for part in self._places], 1)
        points = raw.reshape(-1, 2 + KEYPOINTS, 2) / self.input_size
        points[:, 0] += self._anchors[keep]
        points[:, 2:] += self._anchors[keep][:, None]
        points *= side
        sizes = points[:, 1]
        offset = np.array([left, top], np.float32)
        boxes = np.concatenate([points[:, 0] - sizes / 2 + offset, sizes], 1)
        faces = zip(boxes, scores, points[:, 2:] + offset, strict=True)
        return blend([Detection(_box(box), float(score), marks) for box, score, marks in faces])

    def _dequantised(self, part: Output, outputs: list[npt.NDArray[Any]], keep: Any = slice(None)) -> Float32Array:
        """Real values of an output for the anchors to ``keep``: float32 (n, values per anchor)."""
        values = outputs[part.index].reshape(len(self._anchors), -1)[keep]
        return self._interpreter.outputs[part.index].dequantise(values) * np.float32(part.factor)


def detector_outputs(card: Card) -> list[Output]:
    """The output with the scores, then those with an anchor's 16 values: a single one, or one each for centres, sizes
    and landmarks.
    """
    whole = any(output.name == "boxes" for output in card.outputs)
    return [card.output(name) for name in ("scores", *(("boxes",) if whole else ("centres", "sizes", "landmarks")))]


def anchor_centres(anchors: Anchors) -> Float32Array:
    """Centres of all anchors in fractions of the input: float32 (n, 2), in the order of the outputs."""
    layers = []
    for cells, per_cell in zip(anchors.cells, anchors.per_cell, strict=True):
        middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        layers.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(layers)


def blend(detections: list[Detection]) -> list[Detection]:
    """One detection for each face: the average of its overlapping boxes, weighted by score, with the highest score."""
    rest = sorted(detections, key=lambda detection: -detection.score)
    blended = []
    while rest:
        boxes = np.array([detection.box for detection in rest], np.float32)
        same = intersection_over_union(boxes[:1], boxes)[0] >= SAME_FACE
        same[0] = True
        group = [detection for detection, is_same in zip(rest, same, strict=True) if is_same]
        weights = np.array([detection.score for detection in group], np.float32)
        weights /= weights.sum()
        box = np.tensordot(weights, boxes[same], 1)
        marks = np.tensordot(weights, np.stack([detection.landmarks for detection in group]), 1)
        blended.append(Detection(_box(box), group[0].score, marks.astype(np.float32)))
        # A mouth taken for a face, or head and shoulders: their sizes differ too much for an average.
        used = same | (intersection_over_smaller(boxes[:1], boxes)[0] >= NESTED)
        rest = [detection for detection, is_used in zip(rest, used, strict=True) if not is_used]
    return blended


def _box(values: Float32Array) -> tuple[float, float, float, float]:
    left, top, width, height = (float(value) for value in values)
    return left, top, width, height


def cut_square(image: Image, left: int, top: int, side: int, size: int) -> Image:
    """A square of an image, resized to uint8 BGR (size, size, 3); the part beyond the image is black."""
    height, width = image.shape[:2]
    square = np.zeros((size, size, 3), np.uint8)
    inside = image[max(top, 0) : min(top + side, height), max(left, 0) : min(left + side, width)]
    if not inside.size:
        return square
    factor = size / side
    shape = max(round(inside.shape[1] * factor), 1), max(round(inside.shape[0] * factor), 1)
    resized = cv2.resize(inside, shape, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    if resized.shape[:2] == (size, size):
        return np.asarray(resized, np.uint8)
    x, y = round(max(-left, 0) * factor), round(max(-top, 0) * factor)
    part = resized[: size - y, : size - x]
    square[y : y + part.shape[0], x : x + part.shape[1]] = part
    return square
