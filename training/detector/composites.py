"""Composed scenes whose faces are known: photographs of faces, 20 to 200 pixels, pasted onto faceless backgrounds.

There are two styles. A ``photo`` is bright and sharp enough, with faces of all sizes. A ``live`` frame is like that of
a camera at a door: smaller, darker faces, blurred, moving and noisy. In both, people stand alone or in crowds where
they hide each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.detection import Float32Array
from training.data.face_crops import SIDE, FaceCrop, box_and_landmarks, shrink
from training.detector.backgrounds import Backgrounds

SceneStyle = Literal["photo", "live"]
STYLES: tuple[SceneStyle, ...] = ("photo", "live")


@dataclass(frozen=True)
class StyleRanges:
    """The ranges from which a scene of a style is drawn.

    Attributes:
        size: width and height of the scene in pixels.
        faces: sides of the faces' boxes in pixels, log-uniformly distributed.
        light: brightness as a factor.
        blur: blur of the lens, standard deviation in pixels.
        smear: largest motion blur in pixels.
        noise: noise of the sensor, standard deviation in grey levels.
        quality: JPEG quality of the frame.
    """

    size: tuple[int, int]
    faces: tuple[float, float]
    light: tuple[float, float]
    blur: tuple[float, float]
    smear: float
    noise: tuple[float, float]
    quality: tuple[int, int]


STYLE_RANGES: dict[SceneStyle, StyleRanges] = {
    "photo": StyleRanges((960, 720), (20, 200), (0.55, 1.15), (0.0, 1.1), 0.0, (0.0, 6.0), (50, 96)),
    "live": StyleRanges((960, 540), (20, 110), (0.3, 1.0), (0.3, 1.1), 3.0, (2.0, 7.0), (60, 92)),
}
MIN_FACES, MAX_FACES = 3, 12
"""Fewest and most faces of a scene."""
NOISE_MARGIN = 64
"""A frame's noise is cut at random out of a field this many pixels larger."""
CROWDED_SHARE = 0.5
"""Share of the faces that stand close to another one."""
MAX_COVERED = 0.35
"""A face of which others cover more than this share need not be found, nor a face that the frame cuts."""


@dataclass(frozen=True, eq=False)
class SceneFace:
    """A face of a scene: box (left, top, width, height) and landmarks (6, 2) in pixels.

    ``clear``: it is in plain sight, so missing it is an error. ``detected``: see
    :class:`training.data.face_crops.FaceCrop`.
    """

    box: Float32Array
    landmarks: Float32Array
    clear: bool
    detected: bool = True


@dataclass(frozen=True, eq=False)
class ComposedScene:
    """A scene. ``image`` is uint8 BGR without the sensor's noise, which :meth:`noisy_frames` adds."""

    image: Image
    faces: tuple[SceneFace, ...]
    noise: float
    quality: int

    def noisy_frames(self, rng: np.random.Generator) -> Iterator[Image]:
        """Endless frames of the scene as a camera gives them, each with new noise."""
        height, width = self.image.shape[:2]
        field = np.rint(self.noise * _noise(height + NOISE_MARGIN, width + NOISE_MARGIN)).astype(np.int16)
        while True:
            y, x = rng.integers(0, NOISE_MARGIN, 2)
            noisy = cv2.add(self.image, field[y : y + height, x : x + width], dtype=cv2.CV_8U)
            _, packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            yield np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


@cache
def _noise(height: int, width: int) -> Float32Array:
    return np.random.default_rng(0).standard_normal((height, width, 3), np.float32)


def compose_scene(
    style: SceneStyle, crops: Sequence[FaceCrop], backgrounds: Backgrounds, rng: np.random.Generator,
    size: tuple[int, int] | None = None, most: int = MAX_FACES,
) -> ComposedScene:  # fmt: skip
    """A scene in that style with faces of ``crops``; the same generator state gives the same scene.

    ``size`` replaces the style's width and height, ``most`` limits the number of faces.
    """
    ranges = STYLE_RANGES[style] if size is None else replace(STYLE_RANGES[style], size=size)
    width, height = ranges.size
    image = backgrounds.draw(width, height, rng)
    covered = np.full((height, width), -1, np.int16)  # number of the face that each pixel shows
    placed: list[tuple[Float32Array, Float32Array, int, bool]] = []
    low, high = ranges.faces
    # Larger faces are nearer, so they are pasted last.
    sides = np.sort(np.exp(rng.uniform(np.log(low), np.log(high), int(rng.integers(min(MIN_FACES, most), most + 1)))))
    for number, side in enumerate(sides.tolist()):
        crop = crops[int(rng.integers(len(crops)))]
        crop = crop.mirrored() if rng.random() < 0.5 else crop
        others = [box for box, *_ in placed]
        centre = _place(others, side, ranges.size, rng)
        box, landmarks, area = _paste(image, covered, number, crop, centre, side, rng)
        placed.append((box, landmarks, area, crop.detected))
    faces = tuple(
        SceneFace(box, landmarks, _is_clear(box, area, int((covered == number).sum()), ranges.size), detected)
        for number, (box, landmarks, area, detected) in enumerate(placed)
    )
    noise, quality = float(rng.uniform(*ranges.noise)), int(rng.integers(*ranges.quality))
    return ComposedScene(_exposed(image, ranges, rng), faces, noise, quality)


def _place(
    others: Sequence[Float32Array], side: float, size: tuple[int, int], rng: np.random.Generator
) -> Float32Array:
    """The middle of the next face: beside another one, or at the emptiest of six random places."""
    limit = np.array(size) - side
    if others and rng.random() < CROWDED_SHARE:
        left, top, width, height = others[int(rng.integers(len(others)))]
        distance = float(rng.uniform(0.55, 1.1)) * (width + side) / 2
        aside = distance * (1 if rng.random() < 0.5 else -1)
        centre = np.array([left + width / 2 + aside, top + height / 2 + float(rng.normal(0, 0.4)) * height])
    else:
        places = rng.uniform(side / 2, limit + side / 2, (6, 2))
        middles = np.array([box[:2] + box[2:] / 2 for box in others]).reshape(-1, 1, 2)
        room = np.abs(places - middles).max(-1).min(0) if others else np.zeros(len(places))
        centre = places[int(room.argmax())]
    return np.clip(centre, side * 0.4, np.array(size) - side * 0.4).astype(np.float32)


def _paste(
    image: Image, covered: npt.NDArray[np.int16], number: int, crop: FaceCrop, centre: Float32Array, side: float,
    rng: np.random.Generator,
) -> tuple[Float32Array, Float32Array, int]:  # fmt: skip
    """Paste a face, mostly with shoulders, onto ``image``; return its box, its landmarks and its area in pixels."""
    scale = side / float(crop.box[2:].mean())
    lean = float(np.radians(np.clip(rng.normal(0, 8), -25, 25)))
    turn = scale * np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    middle = crop.box[:2] + crop.box[2:] / 2
    transform = np.column_stack([turn, centre - turn @ middle]).astype(np.float32)
    box, landmarks = box_and_landmarks(crop, transform)
    if rng.random() < 0.7:
        _shoulders(image, covered, box, rng)
    picture = shrink(crop.image, scale)
    lit = picture * (rng.uniform(0.65, 1.15) * rng.uniform(0.92, 1.08, 3))
    slope = np.linspace(1, float(rng.uniform(0.5, 1.0)), picture.shape[1])  # light from one side
    lit = np.clip(lit * (slope if rng.random() < 0.5 else slope[::-1])[:, None], 0, 255).astype(np.float32)
    layer = np.dstack([lit, _mask(picture.shape[0], rng)])
    # The transform from the picture's own pixels, whose centres lie at a half.
    to_pixels = transform.astype(np.float64)
    to_pixels[:, :2] /= picture.shape[0]
    to_pixels[:, 2] += to_pixels[:, :2] @ (0.5, 0.5) - 0.5
    low = np.maximum(np.floor(centre - 0.85 * scale).astype(int), 0)
    high = np.minimum(np.ceil(centre + 0.85 * scale).astype(int), [image.shape[1], image.shape[0]])
    to_pixels[:, 2] -= low
    moved = cv2.warpAffine(layer, to_pixels, (high - low).tolist(), flags=cv2.INTER_LINEAR)
    alpha = moved[..., 3:]
    under = image[low[1] : high[1], low[0] : high[0]]
    under[...] = np.rint(under * (1 - alpha) + moved[..., :3] * alpha)
    covered[low[1] : high[1], low[0] : high[0]][alpha[..., 0] > 0.5] = number
    return box, landmarks, int((alpha > 0.5).sum())


def _mask(side: int, rng: np.random.Generator) -> Float32Array:
    """The mask of a head: an oval with soft edges, or at times the whole picture, like a photo on a wall."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    if rng.random() < 0.25:
        mask[3:-3, 3:-3] = 1
    else:
        axes = int(SIDE * rng.uniform(0.40, 0.48)), int(SIDE * rng.uniform(0.5, 0.6))
        cv2.ellipse(mask, (SIDE // 2, int(SIDE * 0.48)), axes, 0, 0, 360, 1, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(2, 9))), np.float32)
    mask[0], mask[-1], mask[:, 0], mask[:, -1] = 0, 0, 0, 0
    return np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _shoulders(image: Image, covered: npt.NDArray[np.int16], box: Float32Array, rng: np.random.Generator) -> None:
    left, top, width, height = box.tolist()
    x, y = max(int(left - width), 0), max(int(top), 0)
    region = slice(y, int(top + 3 * height)), slice(x, int(left + 2 * width))
    drawn = np.zeros(covered[region].shape, np.uint8)
    if not drawn.size:
        return
    middle = int(left + width / 2) - x, int(top + height * 1.75) - y
    axes = int(width * rng.uniform(0.9, 1.25)), int(height * rng.uniform(0.75, 0.95))
    cv2.ellipse(drawn, middle, axes, 0, 0, 360, 1, -1)
    neck = int(left + width * 0.3) - x, int(top + height * 0.7) - y
    cv2.rectangle(drawn, neck, (int(left + width * 0.7) - x, int(top + height * 1.2) - y), 1, -1)
    inside = drawn > 0
    image[region][inside] = rng.uniform(15, 220) * rng.uniform(0.8, 1.2, 3)
    covered[region][inside] = -1


def _is_clear(box: Float32Array, area: int, left_over: int, size: tuple[int, int]) -> bool:
    left, top, width, height = box.tolist()
    margin = 0.08 * width
    inside = (
        left >= -margin and top >= -margin
        and left + width <= size[0] + margin and top + height <= size[1] + margin
    )  # fmt: skip
    return bool(inside and area and left_over >= (1 - MAX_COVERED) * area)


def _exposed(image: Image, ranges: StyleRanges, rng: np.random.Generator) -> Image:
    blur, light = float(rng.uniform(*ranges.blur)), float(rng.uniform(*ranges.light))
    smear = int(rng.uniform(0, ranges.smear)) + 1
    blurred = cv2.blur(image, (smear, 1)) if smear > 1 else image
    blurred = cv2.GaussianBlur(blurred, (0, 0), blur) if blur > 0.2 else blurred
    gains = (*(light * rng.uniform(0.93, 1.07, 3)), 1.0)
    return np.asarray(cv2.multiply(blurred, gains), np.uint8)  # type: ignore[call-overload]
