"""One face that was found in a frame, and how boxes overlap."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Detection:
    """A face.

    Attributes:
        box: left, top, width, height in pixels of the frame; may reach beyond its edges.
        score: the detector's confidence, 0..1.
        landmarks: float32 (6, 2) pixels: eye on the image's left, eye on its right, nose tip, mouth, both ears. Zeros
            if they are unknown; then the face is cut out by its box.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: Float32Array = field(default_factory=lambda: np.zeros((6, 2), np.float32), repr=False)

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box in pixels."""
        left, top, width, height = self.box
        return left + width / 2, top + height / 2

    @property
    def size(self) -> float:
        """Geometric mean of the box's sides in pixels."""
        return float(np.sqrt(self.box[2] * self.box[3]))


def intersection_over_union(first: Float32Array, second: Float32Array) -> Float32Array:
    """Intersection over union of boxes (left, top, width, height): float32 (n, 4) and (m, 4) -> (n, m), 0..1."""
    shared = _shared(first, second)
    union = _areas(first)[:, None] + _areas(second)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def intersection_over_smaller(first: Float32Array, second: Float32Array) -> Float32Array:
    """Share of the smaller box that lies inside the larger one; shapes as for :func:`intersection_over_union`."""
    smaller = np.minimum(_areas(first)[:, None], _areas(second)[None])
    return np.asarray(_shared(first, second) / np.maximum(smaller, 1e-9), np.float32)


def _shared(first: Float32Array, second: Float32Array) -> Float32Array:
    a, b = first[:, None], second[None]
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(-1), np.float32)


def _areas(boxes: Float32Array) -> Float32Array:
    return np.asarray(boxes[:, 2:].prod(-1), np.float32)
