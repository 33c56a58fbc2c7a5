"""Finding small faces in wide frames: which tiles of a frame the detector is run on.

A detector with a 192-pixel input sees a 24-pixel face only where a tile of the frame is not shrunk much. A photo is
searched in full, at every scale. A live frame gets the whole view and a bounded number of small tiles: those where
known faces are and, in turn, those where something moves. Where nothing moves nobody has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector, blend

MIN_DETECTABLE_PX = 20
"""Faces of this many pixels of the detector's input are found reliably: of 480 pasted into textured frames, 98 % score
0.6 or more at 27 to 48 pixels, 97 % at 24, 94 % at 19, 90 % at 16 and 82 % at 14."""
LARGE_ENOUGH_PX = 24
"""A known face of this many pixels in the whole view needs no tile of its own."""
KNOWN_FACE_SQUARE = 8
"""Side of a known face's tile, in face sizes."""
MIN_SIZE_SHARE = 0.5
"""What is found below this share of the smallest face that is looked for is none: boxes vary by a few pixels,
and come out too small where faces are smallest."""
OVERLAP = 0.25
"""Neighbouring tiles share this part of their side, so that a face on a border is whole in one of them."""
MOTION_THRESHOLD = 8
"""A pixel of the thumbnail that differs by less (of 255) from what was there before does not move."""
BACKGROUND_WEIGHT = 0.1
"""Weight of the newest frame in what was there before: who walks slowly still moves, and for a second after a stop."""
MIN_MOVING_SHARE = 0.25
"""A tile moves if an area of this share of the smallest face does."""
PORTRAIT_SHARE = 0.3
"""A face of at least this share of a photo's longer side fills it."""
CUT_MARGIN = 0.1
"""A face nearer than this share of its size to an inner border may be cut; another tile sees it whole."""


@dataclass(frozen=True)
class Tile:
    """A tile of a frame, in pixels; it may reach beyond the frame's edges."""

    left: int
    top: int
    side: int


def grid(width: int, height: int, side: int) -> list[Tile]:
    """Overlapping tiles of ``side`` that cover a frame."""
    if side >= max(width, height):
        # One tile around the whole frame, centred: what is missing is black.
        side = max(width, height)
        return [Tile((width - side) // 2, (height - side) // 2, side)]
    return [Tile(x, y, side) for y in _starts(height, side) for x in _starts(width, side)]


def pyramid(width: int, height: int, smallest_face: int, input_size: int) -> list[list[Tile]]:
    """Levels of tiles from the whole frame down to tiles in which the smallest face is still found."""
    finest = max(int(smallest_face * input_size / MIN_DETECTABLE_PX), input_size // 2)
    whole = max(width, height)
    # Evenly spaced, each about half the one before; a level hardly finer than the one before would find nothing new.
    steps = max(int(np.ceil(np.log2(whole / finest) - 0.1)), 0)
    return [grid(width, height, round(whole * (finest / whole) ** (step / max(steps, 1)))) for step in range(steps + 1)]


def find_faces(image: Image, detector: FaceDetector, smallest_face: int = 24) -> list[Detection]:
    """All faces of a photo, uint8 BGR (height, width, 3), from ``smallest_face`` pixels on."""
    height, width = image.shape[:2]
    tiles = [tile for level in pyramid(width, height, smallest_face, detector.input_size) for tile in level]
    # A portrait that fills the picture is found once there is room around it, as in the pictures the detector knows.
    # All that is smaller is seen better in the other tiles.
    side = 2 * max(width, height)
    around = _search(image, detector, [Tile((width - side) // 2, (height - side) // 2, side)])
    portraits = [face for face in around if face.size >= PORTRAIT_SHARE * max(width, height)]
    found = blend(_search(image, detector, tiles) + portraits)
    return [face for face in found if face.size >= MIN_SIZE_SHARE * smallest_face]


class LiveFaceFinder:
    """Finds the faces of one frame after the other within a budget of detector runs a frame."""

    def __init__(self, detector: FaceDetector, smallest_face: int, tiles_per_frame: int) -> None:
        self._detector = detector
        self._smallest_face = smallest_face
        self._budget = tiles_per_frame
        self._frame_size = (0, 0)
        self._whole: list[Tile] = []
        self._finer: list[Tile] = []  # the one that was looked at longest ago comes first
        self._served = 0
        self._turn = 0
        self._before: npt.NDArray[np.float32] | None = None

    def find(self, image: Image, known: Iterable[tuple[float, float, float]] = ()) -> list[Detection]:
        """Faces of the next frame. ``known``: (x, y, size) in pixels where faces are expected."""
        height, width = image.shape[:2]
        if (width, height) != self._frame_size:
            self._frame_size, self._before = (width, height), None
            self._whole, *finer = pyramid(width, height, self._smallest_face, self._detector.input_size)
            self._finer = [tile for level in finer for tile in level]
        known = list(known)
        moving = self._motion(image)
        if moving is not None and not known and moving.sum() < self._least_motion(moving):
            return []  # where nothing moves nobody has come: nothing is computed
        found = _search(image, self._detector, self._choose(known, moving))
        return [face for face in found if face.size >= MIN_SIZE_SHARE * self._smallest_face]

    def _choose(self, known: Sequence[tuple[float, float, float]], moving: npt.NDArray[np.bool_] | None) -> list[Tile]:
        candidates = self._finer if moving is None else [s for s in self._finer if self._moves(s, moving)]
        # However many faces are known, something is left for who comes next; and all known faces have their turn.
        # A budget of one is theirs in every other frame.
        self._turn += 1
        kept_back = min(max(self._budget // 4, self._turn % 2), len(candidates))
        around = self._around(known)
        start = self._served % max(len(around), 1)
        chosen = (around[start:] + around[:start])[: self._budget - kept_back]
        self._served += len(chosen)
        looked = candidates[: self._budget - len(chosen)]
        self._finer = [tile for tile in self._finer if tile not in looked] + looked
        return [*self._whole, *chosen, *looked]

    def _around(self, known: Sequence[tuple[float, float, float]]) -> list[Tile]:
        """Squares that show the known faces large enough, one for as many neighbours of like size as it can hold."""
        width, height = self._frame_size
        least = self._detector.input_size
        groups: list[list[tuple[float, float, float]]] = []
        for x, y, size in known:
            if not (0 <= x < width and 0 <= y < height):
                continue  # on its way out of the view
            if size * least / self._whole[0].side >= LARGE_ENOUGH_PX:
                continue
            together = next((g for g in groups if _span([*g, (x, y, size)]) <= _reach([*g, (x, y, size)], least)), None)
            if together is None:
                groups.append([(x, y, size)])
            else:
                together.append((x, y, size))
        return [_centred(group, max(KNOWN_FACE_SQUARE * min(size for _, _, size in group), least)) for group in groups]

    def _motion(self, image: Image) -> npt.NDArray[np.bool_] | None:
        # A face that stands still was moving when it came: without motion there is nobody new to find.
        height, width = image.shape[:2]
        size = 160, max(round(160 * height / width), 1)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3), 0).astype(np.float32)
        if self._before is None:
            self._before = grey
            return None
        moving = np.abs(grey - self._before) >= MOTION_THRESHOLD
        self._before += BACKGROUND_WEIGHT * (grey - self._before)
        return np.asarray(moving, np.bool_)

    def _moves(self, tile: Tile, moving: npt.NDArray[np.bool_]) -> bool:
        factor = moving.shape[1] / self._frame_size[0]
        top, left = int(max(tile.top, 0) * factor), int(max(tile.left, 0) * factor)
        part = moving[top : int((tile.top + tile.side) * factor) + 1, left : int((tile.left + tile.side) * factor) + 1]
        return bool(part.sum() >= self._least_motion(moving))

    def _least_motion(self, moving: npt.NDArray[np.bool_]) -> float:
        """Pixels of the thumbnail that must move for somebody to have come."""
        smallest: float = self._smallest_face * moving.shape[1] / self._frame_size[0]
        return max(MIN_MOVING_SHARE * smallest**2, 1.0)


def _span(faces: Sequence[tuple[float, float, float]]) -> float:
    """Side of the smallest tile around faces, with a face's room at each side."""
    xs = [edge for x, _, size in faces for edge in (x - 1.5 * size, x + 1.5 * size)]
    ys = [edge for _, y, size in faces for edge in (y - 1.5 * size, y + 1.5 * size)]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _reach(faces: Sequence[tuple[float, float, float]], least: int) -> float:
    """Side of the largest tile that still shows the smallest of the faces well."""
    return max(KNOWN_FACE_SQUARE * min(size for _, _, size in faces), float(least))


def _centred(faces: Sequence[tuple[float, float, float]], side: float) -> Tile:
    middle = [(min(values) + max(values)) / 2 for values in ([x for x, _, _ in faces], [y for _, y, _ in faces])]
    return Tile(int(middle[0] - side / 2), int(middle[1] - side / 2), int(side))


def _search(image: Image, detector: FaceDetector, tiles: Iterable[Tile]) -> list[Detection]:
    height, width = image.shape[:2]
    found = []
    for tile in tiles:
        for face in detector.detect(image, tile.left, tile.top, tile.side):
            if not _cut(face, tile, width, height):
                found.append(face)
    return blend(found)


def _cut(face: Detection, tile: Tile, width: int, height: int) -> bool:
    """Whether the face touches a border of the tile that lies inside the frame."""
    left, top, box_width, box_height = face.box
    margin = CUT_MARGIN * face.size
    return (
        (tile.left > 0 and left < tile.left + margin)
        or (tile.top > 0 and top < tile.top + margin)
        or (tile.left + tile.side < width and left + box_width > tile.left + tile.side - margin)
        or (tile.top + tile.side < height and top + box_height > tile.top + tile.side - margin)
    )


def _starts(length: int, side: int) -> list[int]:
    if side >= length:
        return [(length - side) // 2]
    count = int(np.ceil((length - side * OVERLAP) / (side * (1 - OVERLAP))))
    return [round(index * (length - side) / (count - 1)) for index in range(count)]
