"""Cutting a face out of a frame, upright and always in the same place. Training uses the same code."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.card import Crop
from edge.vision.detection import Detection, Float32Array

Float64Array = npt.NDArray[np.float64]
MAX_RESIDUAL = 0.12
"""If the landmarks miss the reference by more than this (root mean square, share of the crop's side), the face is not
upright."""


def crop_face(image: Image, face: Detection, crop: Crop, size: int) -> Image:
    """The face as uint8 BGR (size, size, 3): aligned by its landmarks, or its box with the card's margin.

    Where the crop reaches beyond the frame, the frame's edge pixels are repeated: a face is padded, never stretched.
    """
    transform = alignment(face.landmarks, crop)
    if transform is None:
        left, top, width, height = face.box
        side = max(width, height) * (1 + 2 * crop.margin)
        x, y = left + width / 2 - side / 2, top + height / 2 - side / 2
        transform = np.array([[1 / side, 0, -x / side], [0, 1 / side, -y / side]], np.float32)
    return warp(image, transform, size)


def crop_aligned(image: Image, size: int) -> Image:
    """A picture that is already a face crop, resized to uint8 BGR (size, size, 3)."""
    shrinking = min(image.shape[:2]) > size
    return np.asarray(
        cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR), np.uint8
    )


def alignment(landmarks: Float32Array, crop: Crop) -> Float32Array | None:
    """Similarity transform (2, 3) from frame pixels to the unit square that best fits the reference landmarks.

    Least squares after S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    PAMI 1991, written with complex numbers. None if the landmarks do not fit an upright frontal or three-quarter face.
    """
    count = len(crop.landmarks)
    source = landmarks[:count, 0] + 1j * landmarks[:count, 1]
    target = np.array([complex(x, y) for x, y in crop.landmarks])
    centred, centred_target = source - source.mean(), target - target.mean()
    spread = float((np.abs(centred) ** 2).sum())
    if spread < 1e-6:
        return None
    turn = (np.conj(centred) * centred_target).sum() / spread
    residual = np.sqrt((np.abs(turn * centred - centred_target) ** 2).mean())
    if residual > MAX_RESIDUAL:
        return None
    shift = target.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], np.float32)


def warp(image: Image, transform: Float32Array, size: int) -> Image:
    """Cut out the part of the image that the transform maps to the unit square, as uint8 BGR (size, size, 3).

    A face larger than the crop is first shrunk by area averaging, because bilinear sampling alone would cause aliasing.
    """
    scale = float(np.hypot(transform[0, 0], transform[1, 0])) * size
    # Pixel centres: the unit square's (0, 0) is the outer corner of the crop's first pixel.
    to_pixels = np.vstack([transform * size, [0, 0, 1]]) @ [[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]
    to_pixels[:2, 2] -= 0.5
    if scale < 0.67:
        image, to_pixels = _shrink(image, to_pixels, scale, size)
    return np.asarray(
        cv2.warpAffine(image, to_pixels[:2], (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _shrink(image: Image, to_pixels: Float64Array, scale: float, size: int) -> tuple[Image, Float64Array]:
    # Only the part under the crop: a photo with many large faces must not be shrunk as a whole for each of them.
    corners = np.linalg.inv(to_pixels) @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]])
    border = 2 / scale
    left, top = (int(max(corners[axis].min() - border, 0)) for axis in (0, 1))
    right, bottom = (int(min(corners[axis].max() + border, image.shape[1 - axis])) for axis in (0, 1))
    if right - left < 2 or bottom - top < 2:
        return image, to_pixels
    part = image[top:bottom, left:right]
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    fx, fy = small.shape[1] / part.shape[1], small.shape[0] / part.shape[0]
    back = np.array([[1 / fx, 0, 0.5 / fx - 0.5 + left], [0, 1 / fy, 0.5 / fy - 0.5 + top], [0, 0, 1]])
    return np.asarray(small, np.uint8), to_pixels @ back
