"""A drawn head around a picture of a face, whose edges are blended into the drawn skin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rendering.average_face import SIDE, FacePicture, Gray
from training.rendering.canvas import Canvas, Colour, Image, Point, Sprite, Warp, shade

HairStyle = Literal["short", "fringe", "receding", "bald", "bob", "long", "curls", "afro", "bun", "pigtails", "own"]

# Outlines are in pixels of the face picture, y downwards. These describe the face that a detector should box:
FACE_TOP, FACE_WIDTH, FACE_HEIGHT = 12, 152, 182
CHIN = 194
CROWN = -80
_MARGIN_LEFT, _MARGIN_TOP = 140, 180
_RADIUS = 104.0  # of the cylinder around which the picture is wrapped to turn a head
YAW_STEP = 0.04  # radians: smaller steps make no visible difference
_NOSE = (0.2, 100.0)  # how far it stands out, in radii, and its row in the picture
_CANVAS_WIDTH, _CANVAS_HEIGHT = 480, 560

_SKULL: tuple[Point, ...] = (
    (100, -58), (150, -44), (181, 5), (186, 80), (174, 130), (146, 172), (100, 195),
    (54, 172), (26, 130), (14, 80), (19, 5), (50, -44),
)  # fmt: skip
_CAP: tuple[Point, ...] = (
    (6, 88), (-2, 30), (12, -30), (54, -70), (100, -80), (146, -70), (188, -30), (202, 30), (194, 88),
)  # fmt: skip
_VEIL: tuple[Point, ...] = (
    (4, 150), (-10, 90), (-8, 20), (14, -36), (56, -76), (100, -84), (144, -76), (186, -36), (208, 20), (210, 90),
    (196, 150),
)  # fmt: skip


@dataclass(frozen=True)
class _HairOutlines:
    """Outlines of a hair style behind the head and in front of it; the last points of the latter are the hairline."""

    behind: tuple[tuple[Point, ...], ...]
    front: tuple[tuple[Point, ...], ...]
    under: tuple[tuple[Point, ...], ...] = ()  # between head and face
    ears: bool = True
    lean: float = 0.0  # degrees between the strands and the vertical
    face: tuple[float, float, float, float] = (
        100,
        103,
        67,
        83,
    )  # the ellipse of the picture that is shown: centre x, y, radius x, y


def _round(x: float, y: float, rx: float, ry: float, bumps: int = 0) -> tuple[Point, ...]:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    swell = 1 + (0.035 * np.cos(turn * bumps) if bumps else 0 * turn)
    xs, ys = x + rx * swell * np.cos(turn), y + ry * swell * np.sin(turn)
    return tuple(zip(xs.tolist(), ys.tolist(), strict=True))


# Hairlines, from the right ear over the forehead to the left one.
_PARTED: tuple[Point, ...] = (
    (190, 150), (186, 110), (181, 70), (168, 30), (134, 0), (92, -18), (60, 2), (34, 34), (19, 70), (14, 110),
    (10, 150),
)  # fmt: skip
_SWEPT: tuple[Point, ...] = (
    (189, 82), (184, 44), (174, 12), (150, -6), (112, -14), (74, -4), (54, -6), (30, 8), (17, 44), (11, 82),
)  # fmt: skip
_FRINGE: tuple[Point, ...] = (
    (189, 82), (183, 50), (172, 24), (146, 10), (116, 12), (84, 2), (58, 12), (30, 24), (18, 50), (11, 82),
)  # fmt: skip
_RECEDING: tuple[Point, ...] = (
    (189, 82), (184, 40), (172, -6), (148, -40), (118, -30), (92, -28), (58, -40), (30, -6), (17, 40), (11, 82),
)  # fmt: skip
_DOME = _round(100, 48, 97, 66)
_FLOWING: tuple[Point, ...] = (
    (100, -84), (172, -56), (210, 30), (222, 150), (230, 250), (206, 318), (150, 300),
    (50, 300), (-6, 318), (-30, 250), (-22, 150), (-10, 30), (28, -56),
)  # fmt: skip

_HAIR_STYLES: dict[HairStyle, _HairOutlines] = {
    "short": _HairOutlines((), (_CAP + _SWEPT,), lean=40),
    "fringe": _HairOutlines((), (_CAP + _FRINGE,), lean=-18),
    "receding": _HairOutlines((), (_CAP + _RECEDING,), lean=10),
    "bald": _HairOutlines((_DOME,), ()),
    "bob": _HairOutlines((_round(100, 72, 122, 136),), (_VEIL + _PARTED,), ears=False),
    "long": _HairOutlines((_FLOWING,), (_VEIL + _PARTED,), ears=False),
    "curls": _HairOutlines((_round(100, 22, 122, 112, bumps=15),), (_CAP + _SWEPT,), lean=55),
    "afro": _HairOutlines((_round(100, 8, 146, 140, bumps=19),), (_CAP + _SWEPT,)),
    "bun": _HairOutlines((_round(100, -98, 44, 40),), (_CAP + _SWEPT,)),
    # A photograph brings its own hair; what is drawn behind it is the same for everybody and gives nothing away.
    "own": _HairOutlines((_round(100, 52, 106, 122),), (), (_CAP + _SWEPT,), ears=False, face=(100, 99, 93, 97)),
    "pigtails": _HairOutlines((_round(-24, 124, 36, 70), _round(224, 124, 36, 70)), (_VEIL + _PARTED,), ears=False),
}


@dataclass(frozen=True)
class Head:
    """Sprites of one head, drawn behind and in front of neck and shoulders, and the colour of the skin.

    ``back`` replaces ``front`` when the face is turned away.
    """

    behind: Sprite
    front: Sprite
    back: Sprite
    skin: Colour

    def paste(self, image: Image, which: Sprite, chin: Point, unit: float, tilt: float, yaw: float = 0.0) -> None:
        """Draw the sprite ``which`` with its chin at a pixel, tilted and turned aside.

        One pixel of the face picture becomes ``unit`` pixels of the image. Both angles are in radians; a positive yaw
        turns the face to the image's right.
        """
        cos, sin = unit * np.cos(tilt), unit * np.sin(tilt)
        turn = np.array([[cos, -sin], [sin, cos]])
        at = np.array([_MARGIN_LEFT + SIDE / 2, _MARGIN_TOP + CHIN])
        warp = yaw_warp(yaw) if yaw else None
        which.paste(image, np.column_stack([turn, np.asarray(chin) - turn @ at]), warp)


def draw_head(face_picture: FacePicture, hair_style: HairStyle, hair: Colour, rng: np.random.Generator) -> Head:
    """Draw a head with this face; the generator varies the strands of hair."""
    cut = _HAIR_STYLES[hair_style]
    strands = _strands(rng, cut.lean)
    behind = _blank()
    for outline in cut.behind:
        _fill(behind, _mask(outline), strands * np.array(shade(hair, 0.72)))
    skin = _cheek_colour(face_picture.image)
    skin_around, face = _skin_around(face_picture.image, skin, cut.face)
    front = _blank()
    if cut.ears:
        for x in (9, 191):
            _fill(
                front,
                _mask(_round(x, 92, 15, 28)),
                np.full((_CANVAS_HEIGHT, _CANVAS_WIDTH, 3), shade(skin, 0.82), float),
            )
    _fill(front, _mask(_SKULL), skin_around)
    for outline in cut.under:
        _fill(front, np.asarray(cv2.GaussianBlur(_mask(outline), (0, 0), 5), np.float32), strands * np.array(hair))
    _fill(front, face, _padded(face_picture.image))
    for outline in cut.front:
        mask = cv2.GaussianBlur(_mask(outline), (0, 0), 1.6)
        _fill(front, np.asarray(mask, np.float32), strands * np.array(hair))
    back = _blank()
    _fill(back, _mask(_SKULL), strands * np.array(shade(hair, 0.85)))
    return Head(Sprite.of(behind), Sprite.of(front), Sprite.of(back), skin)


def yaw_warp(yaw: float) -> Warp:
    """A warp that turns a head by ``yaw`` radians.

    The picture is wrapped around an upright cylinder with a nose on it. That makes a three-quarter view of a frontal
    one: the cheek that turns away narrows, and the nose moves further than the eyes.
    """
    near = round(yaw / YAW_STEP) * YAW_STEP

    def warp(layer: NDArray[np.float32], left: int, top: int, pixel: int) -> NDArray[np.float32]:
        maps = _yaw_maps(layer.shape[1], layer.shape[0], left, top, pixel, near)
        return np.asarray(cv2.remap(layer, *maps, cv2.INTER_LINEAR), np.float32)

    return warp


@lru_cache(maxsize=200)
def _yaw_maps(
    width: int, height: int, left: int, top: int, pixel: int, yaw: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    middle = _MARGIN_LEFT + SIDE / 2 - left
    x = (columns * pixel - middle) / _RADIUS
    y = rows * pixel + top - _MARGIN_TOP
    source = np.sin(np.arcsin(np.clip(x, -1, 1)) - yaw)
    for _ in range(3):  # find the surface point that the nose has moved to this place
        nose = np.exp(-(((source * _RADIUS) / 18) ** 2) - ((y - _NOSE[1]) / 26) ** 2)
        angle = np.arcsin(np.clip(x - _NOSE[0] * np.sin(yaw) * nose, -1, 1)) - yaw
        source = np.sin(angle)
    hidden = (np.abs(angle) > np.pi / 2) | (np.abs(x) > 1)
    across = (source * _RADIUS + middle) / pixel
    return np.where(hidden, -1e4, across).astype(np.float32), rows


def _blank() -> Image:
    return np.zeros((_CANVAS_HEIGHT, _CANVAS_WIDTH, 4), np.uint8)


def _mask(outline: tuple[Point, ...]) -> Gray:
    image = np.zeros((_CANVAS_HEIGHT, _CANVAS_WIDTH, 3), np.uint8)
    Canvas(image, (_MARGIN_LEFT, _MARGIN_TOP), y_sign=1).curve(outline, (255, 255, 255))
    return np.asarray(image[..., 0] / 255, np.float32)


def _fill(layer: Image, mask: NDArray[np.float32], colours: NDArray[np.float64]) -> None:
    """Blend colours (height, width, 3) over the RGBA layer by the mask (0..1), and update its alpha."""
    over = mask[..., None].astype(np.float64)
    under = layer[..., 3:] / 255 * (1 - over)
    alpha = over + under
    mixed = (colours * over + layer[..., :3] * under) / np.maximum(alpha, 1e-6)
    layer[..., :3] = np.clip(np.rint(mixed), 0, 255)
    layer[..., 3:] = np.rint(alpha * 255)


def _padded(image: Image) -> NDArray[np.float64]:
    below, right = _CANVAS_HEIGHT - _MARGIN_TOP - SIDE, _CANVAS_WIDTH - _MARGIN_LEFT - SIDE
    return np.pad(image.astype(np.float64), ((_MARGIN_TOP, below), (_MARGIN_LEFT, right), (0, 0)))


def _skin_around(
    image: Image, skin: Colour, ellipse: tuple[float, float, float, float]
) -> tuple[NDArray[np.float64], Gray]:
    """The skin's colour continued over the whole canvas (height, width, 3), and a mask of the face with soft edges."""
    framed = _padded(image)
    inside = cv2.erode(_padded(np.ones_like(image))[..., 0], np.ones((3, 3)))
    # Brows, eyes and hair must not stain the forehead: only pixels of about the cheeks' colour count.
    likeness = np.exp(-np.sum(((framed - skin) / 30.0) ** 2, axis=2))
    known = _mask(_round(100, 102, 70, 86)) * inside * (likeness + 1e-3)
    # The result is so smooth that a quarter of the resolution is enough.
    quarter = (_CANVAS_WIDTH // 4, _CANVAS_HEIGHT // 4)
    colours = cv2.resize(framed * known[..., None], quarter, interpolation=cv2.INTER_AREA)
    weights = cv2.resize(known, quarter, interpolation=cv2.INTER_AREA)
    around, weight = np.zeros_like(colours), np.full_like(weights, 1e-12)
    for sigma, share in ((3.5, 1.0), (10.0, 0.05), (22.0, 0.01)):
        around += share * cv2.GaussianBlur(colours, (0, 0), sigma)
        weight += share * cv2.GaussianBlur(weights, (0, 0), sigma)
    smooth = cv2.resize(around / weight[..., None], (_CANVAS_WIDTH, _CANVAS_HEIGHT), interpolation=cv2.INTER_CUBIC)
    feathered = cv2.GaussianBlur(_mask(_round(*ellipse)), (0, 0), 6)
    return np.asarray(smooth, np.float64), np.asarray(feathered, np.float32)


def _cheek_colour(image: Image) -> Colour:
    cheeks = np.concatenate([image[105:130, 45:70].reshape(-1, 3), image[105:130, 130:155].reshape(-1, 3)])
    r, g, b = (int(channel) for channel in np.median(cheeks, axis=0))
    return (r, g, b)


def _strands(rng: np.random.Generator, lean: float) -> NDArray[np.float64]:
    """Brightness factors (height, width, 1): streaks that lean from the vertical by ``lean`` degrees."""
    side = 2 * max(_CANVAS_WIDTH, _CANVAS_HEIGHT)
    noise = cv2.GaussianBlur(rng.standard_normal((side, side), np.float32), (0, 0), sigmaX=1.6, sigmaY=24)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), lean, 1)
    noise = cv2.warpAffine(noise / noise.std(), turn, (side, side))
    top, left = (side - _CANVAS_HEIGHT) // 2, (side - _CANVAS_WIDTH) // 2
    streaks = noise[top : top + _CANVAS_HEIGHT, left : left + _CANVAS_WIDTH]
    light = np.linspace(1.2, 0.8, _CANVAS_HEIGHT)[:, None]
    return np.asarray((light * (1 + 0.08 * streaks))[..., None], np.float64)
