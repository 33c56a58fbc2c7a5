"""Augmentation: random changes of a training picture, like those that a camera at a door causes."""

from __future__ import annotations

import cv2
import numpy as np

from edge.cameras.frame import Image
from training.recipe import Augmentation

Float32Array = np.ndarray
_UNIT = np.arange(256, dtype=np.float32) / 255
"""A table from 0..255 to 0..1: looking a pixel up is several times faster than converting and dividing it."""


def augment(face: Image, size: int, settings: Augmentation, rng: np.random.Generator) -> Float32Array:
    """One random variant of a face: uint8 RGB (n, n, 3) -> float32 (size, size, 3) in 0..1.

    The order is that of a real camera: the crop that the detector makes, the light, the distance (few pixels), then
    blur, sensor noise and compression at that distance, and finally the enlargement to the network's input.
    """
    x = cv2.LUT(_crop(face, size, settings, rng), _UNIT)
    x = _occlude(_light(x, settings, rng), settings, rng)
    if rng.random() < settings.shrink_probability:
        side = round(float(np.exp(rng.uniform(np.log(settings.shrink_to), np.log(size)))))
        x = cv2.resize(x, (side, side), interpolation=cv2.INTER_AREA)
    if rng.random() < settings.blur_probability:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, settings.blur))
    if rng.random() < settings.noise_probability:
        x = x + rng.standard_normal(x.shape, np.float32) * np.float32(rng.uniform(0, settings.noise))
    x = np.clip(x, 0, 1)
    if rng.random() < settings.jpeg_probability:
        quality = int(rng.integers(settings.jpeg_quality, 96))
        _, packed = cv2.imencode(".jpg", np.rint(x * 255).astype(np.uint8), (cv2.IMWRITE_JPEG_QUALITY, quality))
        x = cv2.LUT(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8), _UNIT)
    if x.shape[0] != size:
        x = cv2.resize(x, (size, size), interpolation=cv2.INTER_LINEAR)
    return x


def _crop(face: Image, size: int, settings: Augmentation, rng: np.random.Generator) -> Image:
    """Rotate, scale, shift and mirror, as much as a detector's landmarks scatter."""
    turn = np.radians(rng.uniform(-settings.rotation_degrees, settings.rotation_degrees))
    scale = size / face.shape[0] * rng.uniform(1 - settings.scale, 1 + settings.scale)
    shift = size * (0.5 + rng.uniform(-settings.shift, settings.shift, 2))
    mirror = -1 if rng.random() < 0.5 else 1
    linear = scale * np.array([[np.cos(turn) * mirror, -np.sin(turn)], [np.sin(turn) * mirror, np.cos(turn)]])
    middle = np.full(2, face.shape[0] / 2)
    # Pixel centres are half a pixel inside the corners, in the source and in the crop.
    offset = shift - linear @ middle + linear @ np.full(2, 0.5) - 0.5
    transform = np.column_stack([linear, offset])
    return np.asarray(
        cv2.warpAffine(face, transform, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _light(x: Float32Array, settings: Augmentation, rng: np.random.Generator) -> Float32Array:
    """Change exposure, contrast, gamma, saturation and the colour of the light."""
    x = np.stack(cv2.split(x))  # NumPy is much faster on three planes than on triples
    grey = x.mean(0)
    x = grey + (x - grey) * np.float32(rng.uniform(1 - settings.saturation, 1 + settings.saturation))
    x = x * (1 + rng.uniform(-settings.tint, settings.tint, (3, 1, 1))).astype(np.float32)
    x = (x - 0.5) * np.float32(rng.uniform(1 - settings.contrast, 1 + settings.contrast)) + 0.5
    x = np.clip(x + np.float32(rng.uniform(-settings.brightness, settings.brightness)), 0, 1)
    return cv2.merge(tuple(x ** np.float32(np.exp(rng.uniform(-settings.gamma, settings.gamma)))))


def _occlude(x: Float32Array, settings: Augmentation, rng: np.random.Generator) -> Float32Array:
    """Cover a part of the face with a patch of one colour, as a hand, a menu or another guest's head would."""
    if rng.random() < settings.occlude_probability:
        size = x.shape[0]
        height, width = (size * rng.uniform(0.1, settings.occlude, 2)).astype(int)
        top, left = int(rng.uniform(0, size - height)), int(rng.uniform(0, size - width))
        x[top : top + height, left : left + width] = rng.random(3, np.float32)
    return x
