"""Finding small faces in wide frames: the detector is run on tiles of a frame.

A tile is a square part of a frame. A detector with a 192-pixel input finds a 24-pixel face only in a tile that need not
be shrunk much. A photo is searched completely, at every scale. In a live frame the whole view is searched, and a
limited number of small tiles: those with known faces and, in turn, those where something moves. Without motion nobody
has come.
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
"""Faces of at least this many pixels of the detector's input are found reliably: of 480 faces pasted into textured
frames, 98 % score 0.6 or more at 27 to 48 pixels, 97 % at 24, 94 % at 19, 90 % at 16 and 82 % at 14."""
LARGE_ENOUGH_PX = 24
"""A known face with at least this many pixels in the whole view needs no tile of its own."""
KNOWN_FACE_TILE = 8
"""Side of a known face's tile, in face sizes."""
MIN_SIZE_SHARE = 0.5
"""Boxes below this share of the smallest face size are not reported. The limit is this low because boxes vary by a few
pixels, and those of the smallest faces come out too small."""
OVERLAP = 0.25
"""Neighbouring tiles overlap by this part of their side, so that a face on a border is whole in one of them."""
MOTION_THRESHOLD = 8
"""A pixel of the thumbnail moves if it differs by at least this much (of 255) from the background."""
BACKGROUND_WEIGHT = 0.1
"""Weight of the newest frame in the background, so low that a slow walker still counts as moving, and for a second
after a stop."""
MIN_MOVING_SHARE = 0.25
"""A tile moves if at least this share of the smallest face's area moves in it."""
PORTRAIT_SHARE = 0.3
"""A face fills a photo if it has at least this share of the photo's longer side."""
CUT_MARGIN = 0.1
"""A face that is nearer than this share of its size to an inner border may be cut off; another tile shows it whole."""


@dataclass(frozen=True)
class Tile:
    """A square part of a frame, in pixels. It may reach beyond the frame's edges."""

    left: int
    top: int
    side: int


def grid(width: int, height: int, side: int) -> list[Tile]:
    """Overlapping tiles of ``side`` that cover a frame."""
    if side >= max(width, height):
        # One tile around the whole frame, centred; the missing part is black.
        side = max(width, height)
        return [Tile((width - side) // 2, (height - side) // 2, side)]
    return [Tile(x, y, side) for y in _starts(height, side) for x in _starts(width, side)]


def pyramid(width: int, height: int, smallest_face: int, input_size: int) -> list[list[Tile]]:
    """Levels of tiles: first one around the whole frame, then smaller ones down to those in which the smallest face is
    found.
    """
    finest = max(int(smallest_face * input_size / MIN_DETECTABLE_PX), input_size // 2)
    whole = max(width, height)
    # Evenly spaced, each about half the one before: a level that is hardly finer would find nothing new.
    steps = max(int(np.ceil(np.log2(whole / finest) - 0.1)), 0)
    return [grid(width, height, round(whole * (finest / whole) ** (step / max(steps, 1)))) for step in range(steps + 1)]


def find_faces(image: Image, detector: FaceDetector, smallest_face: int = 24) -> list[Detection]:
    """All faces of a photo, uint8 BGR (height, width, 3), that measure at least ``smallest_face`` pixels."""
    height, width = image.shape[:2]
    tiles = [tile for level in pyramid(width, height, smallest_face, detector.input_size) for tile in level]
    # A portrait that fills the picture is found with some room around it, as in the pictures the detector was trained
    # on. Smaller faces are found better in the other tiles.
    side = 2 * max(width, height)
    around = _search(image, detector, [Tile((width - side) // 2, (height - side) // 2, side)])
    portraits = [face for face in around if face.size >= PORTRAIT_SHARE * max(width, height)]
    found = blend(_search(image, detector, tiles) + portraits)
    return [face for face in found if face.size >= MIN_SIZE_SHARE * smallest_face]


class LiveFaceFinder:
    """Finds the faces of one frame after the other, with a limited number of detector runs for each frame."""

    def __init__(self, detector: FaceDetector, smallest_face: int, tiles_per_frame: int) -> None:
        self._detector = detector
        self._smallest_face = smallest_face
        self._budget = tiles_per_frame
        self._frame_size = (0, 0)
        self._whole: list[Tile] = []
        self._finer: list[Tile] = []  # the one that was searched longest ago comes first
        self._served = 0
        self._turn = 0
        self._before: npt.NDArray[np.float32] | None = None

    def find(self, image: Image, known: Iterable[tuple[float, float, float]] = ()) -> list[Detection]:
        """Faces of the next frame, uint8 BGR. ``known``: centre and size (x, y, size) in pixels of expected faces."""
        height, width = image.shape[:2]
        if (width, height) != self._frame_size:
            self._frame_size, self._before = (width, height), None
            self._whole, *finer = pyramid(width, height, self._smallest_face, self._detector.input_size)
            self._finer = [tile for level in finer for tile in level]
        known = list(known)
        moving = self._motion(image)
        if moving is not None and not known and moving.sum() < self._least_motion(moving):
            return []  # without motion nobody has come, so nothing is computed
        found = _search(image, self._detector, self._choose(known, moving))
        return [face for face in found if face.size >= MIN_SIZE_SHARE * self._smallest_face]

    def _choose(self, known: Sequence[tuple[float, float, float]], moving: npt.NDArray[np.bool_] | None) -> list[Tile]:
        candidates = self._finer if moving is None else [s for s in self._finer if self._moves(s, moving)]
        # However many faces are known, some runs are left for newcomers, and all known faces have their turn. A budget
        # of one run is spent on them in every other frame.
        self._turn += 1
        reserved = min(max(self._budget // 4, self._turn % 2), len(candidates))
        around = self._around(known)
        start = self._served % max(len(around), 1)
        chosen = (around[start:] + around[:start])[: self._budget - reserved]
        self._served += len(chosen)
        searched = candidates[: self._budget - len(chosen)]
        self._finer = [tile for tile in self._finer if tile not in searched] + searched
        return [*self._whole, *chosen, *searched]

    def _around(self, known: Sequence[tuple[float, float, float]]) -> list[Tile]:
        """Tiles that show the known faces large enough; neighbours of similar size share a tile if they fit into it."""
        width, height = self._frame_size
        least = self._detector.input_size
        groups: list[list[tuple[float, float, float]]] = []
        for x, y, size in known:
            if not (0 <= x < width and 0 <= y < height):
                continue  # it is leaving the view
            if size * least / self._whole[0].side >= LARGE_ENOUGH_PX:
                continue
            face = x, y, size
            group = next((g for g in groups if _span([*g, face]) <= _max_side([*g, face], least)), None)
            if group is None:
                groups.append([face])
            else:
                group.append(face)
        return [_centred(group, max(KNOWN_FACE_TILE * min(size for _, _, size in group), least)) for group in groups]

    def _motion(self, image: Image) -> npt.NDArray[np.bool_] | None:
        # A person who stands still now moved when coming in: without motion there is nobody new to find.
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
        """Number of the thumbnail's pixels that must move before somebody may have come."""
        smallest: float = self._smallest_face * moving.shape[1] / self._frame_size[0]
        return max(MIN_MOVING_SHARE * smallest**2, 1.0)


def _span(faces: Sequence[tuple[float, float, float]]) -> float:
    """Side of the smallest tile around faces, with the room of one face on each side."""
    xs = [edge for x, _, size in faces for edge in (x - 1.5 * size, x + 1.5 * size)]
    ys = [edge for _, y, size in faces for edge in (y - 1.5 * size, y + 1.5 * size)]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _max_side(faces: Sequence[tuple[float, float, float]], least: int) -> float:
    """Side of the largest tile in which the smallest of the faces is still large enough."""
    return max(KNOWN_FACE_TILE * min(size for _, _, size in faces), float(least))


def _centred(faces: Sequence[tuple[float, float, float]], side: float) -> Tile:
    middle = [(min(values) + max(values)) / 2 for values in ([x for x, _, _ in faces], [y for _, y, _ in faces])]
    return Tile(int(middle[0] - side / 2), int(middle[1] - side / 2), int(side))


def _search(image: Image, detector: FaceDetector, tiles: Iterable[Tile]) -> list[Detection]:
    height, width = image.shape[:2]
    found = []
    for tile in tiles:
        for face in detector.detect(image, tile.left, tile.top, tile.side):
            if not _is_cut(face, tile, width, height):
                found.append(face)
    return blend(found)


def _is_cut(face: Detection, tile: Tile, width: int, height: int) -> bool:
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
