"""Small faces in wide frames: what the tiles of a photo cover, and which faces are found live within a budget."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.cameras import open_camera
from edge.demo import CLIP, TRUTH
from edge.vision.bundle import load_bundle
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from edge.vision.tiling import CUT_MARGIN, MIN_DETECTABLE_PX, LiveFaceFinder, find_faces, grid, pyramid

pytestmark = pytest.mark.slow

SIZES = [(320, 240), (640, 480), (1280, 720), (1920, 1080), (720, 1280), (233, 231), (4056, 3040)]


class RecordingDetector:
    """The detector, with a record of the tiles on which it was run."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self.input_size = detector.input_size
        self.tiles: list[tuple[int, int, int]] = []

    def detect(self, image: np.ndarray, left: int, top: int, side: int) -> list[Detection]:
        self.tiles.append((left, top, side))
        return self._detector.detect(image, left, top, side)


def near(faces: list[Detection], x: float, y: float, size: float) -> list[Detection]:
    return [
        face
        for face in faces
        if np.hypot(face.centre[0] - x, face.centre[1] - y) < 0.25 * size and 0.6 < face.size / size < 1.6
    ]


# --- geometry


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("smallest", [16, 24, 60])
def test_every_face_is_whole_and_large_enough_in_some_tile(size: tuple[int, int], smallest: int):
    """Faces of any size at any place: none is cut by all tiles, or too small in all levels."""
    width, height = size
    levels = pyramid(width, height, smallest, 192)
    tiles = np.array([(s.left, s.top, s.side) for level in levels for s in level], float)
    rng = np.random.default_rng(4)
    for _ in range(400):
        face = float(np.exp(rng.uniform(np.log(smallest), np.log(0.5 * min(size)))))
        x, y = rng.uniform(0, width - face), rng.uniform(0, height - face)
        left, top, side = tiles.T
        room = CUT_MARGIN * face
        whole = (
            ((left <= 0) | (x >= left + room))
            & ((top <= 0) | (y >= top + room))
            & ((left + side >= width) | (x + face <= left + side - room))
            & ((top + side >= height) | (y + face <= top + side - room))
        )
        seen = face * 192 / side[whole]
        assert seen.max() >= 0.85 * MIN_DETECTABLE_PX, (face, x, y)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_tiles_of_a_level_cover_the_frame_and_are_all_different(size: tuple[int, int]):
    width, height = size
    for side in (96, 200, max(size) - 1, max(size), 5 * max(size)):
        tiles = grid(width, height, side)
        assert len(set(tiles)) == len(tiles)
        seen = np.zeros((height, width), bool)
        for tile in tiles:
            assert tile.left + tile.side > 0
            assert tile.left < width
            seen[max(tile.top, 0) : tile.top + tile.side, max(tile.left, 0) : tile.left + tile.side] = True
        assert seen.all()


def test_each_level_has_clearly_smaller_tiles_than_the_one_before():
    for width in range(200, 4000, 37):
        sides = [level[0].side for level in pyramid(width, width * 9 // 16, 24, 192)]
        assert all(finer <= 0.85 * coarser for coarser, finer in itertools.pairwise(sides)), width
        assert sides[-1] <= max(1.25 * 24 * 192 / MIN_DETECTABLE_PX, 200)


# --- photos


@pytest.fixture(scope="module")
def demo_frames() -> list[tuple[np.ndarray, list[tuple[float, ...]]]]:
    """Frames of the demo clip with the boxes of the faces that are wholly in view."""
    truth = json.loads(TRUTH.read_text())
    width, height = truth["size"]
    boxes: dict[int, list[tuple[float, ...]]] = {}
    for patron in truth["patrons"]:
        for frame, x, y, w, h in patron["path"]:
            if w >= 24 and x >= 0 and y >= 0 and x + w <= width and y + h <= height:
                boxes.setdefault(frame, []).append((x, y, w, h))
    chosen = sorted(boxes)[::8]
    with open_camera(str(CLIP)) as camera:
        return [(frame.image, boxes[frame.index]) for frame in camera if frame.index in chosen]


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(load_bundle("face"), 1, 0.5)


def test_the_faces_of_a_photo_are_found_once_each(detector: FaceDetector, demo_frames):
    faces_there = found = extra = 0
    for image, boxes in demo_frames:
        faces = [face for face in find_faces(image, detector) if face.score >= 0.6]
        for x, y, w, h in boxes:
            here = [f for f in faces if np.hypot(f.centre[0] - x - w / 2, f.centre[1] - y - h / 2) < w / 2]
            faces_there += 1
            found += bool(here)
            extra += max(len(here) - 1, 0)
    assert faces_there >= 20
    assert found >= 0.95 * faces_there
    assert extra == 0


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 720), (1920, 1080)], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("height", [24, 60, 150])
def test_faces_of_all_sizes_are_found_in_all_frames(detector: FaceDetector, demo_frames, size, height: int):
    source, boxes = max(demo_frames, key=lambda item: max(box[2] for box in item[1]))
    x, y, w, h = (round(v) for v in max(boxes, key=lambda box: box[2]))
    head = source[max(y - h // 2, 0) : y + 2 * h, max(x - w // 2, 0) : x + w + w // 2]
    factor = height / h
    head = cv2.resize(head, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)[: size[1], : size[0]]
    image = np.full((size[1], size[0], 3), 110, np.uint8)
    top, left = (size[1] - head.shape[0]) // 3, (size[0] - head.shape[1]) // 3
    image[top : top + head.shape[0], left : left + head.shape[1]] = head

    faces = find_faces(image, detector)

    assert len(faces) == 1
    assert 0.5 < faces[0].size / height < 1.8


@pytest.mark.parametrize("size", SIZES[:4], ids=str)
def test_photographed_faces_are_found_once_each(weak_detector, textured, chips, size):
    width, height = size
    rng = np.random.default_rng(7)
    found: dict[int, list[bool]] = {}
    extra = strangers = 0
    for face_px in (24, 32, 48, 96, 160):
        image = textured(width, height, face_px).copy()
        places: list[tuple[int, int]] = []
        for _ in range(300):
            x, y = (int(rng.integers(4, limit - face_px - 3)) for limit in size)
            if len(places) < 8 and all(max(abs(x - a), abs(y - b)) > 1.3 * face_px for a, b in places):
                places.append((x, y))
                chip = chips[int(rng.integers(len(chips)))]
                image[y : y + face_px, x : x + face_px] = cv2.resize(
                    chip, (face_px, face_px), interpolation=cv2.INTER_AREA
                )
        faces = [face for face in find_faces(image, weak_detector, 24) if face.score >= 0.6]
        matches = [near(faces, x + face_px / 2, y + face_px / 2, face_px) for x, y in places]
        found[face_px] = [bool(match) for match in matches]
        extra += sum(max(len(match) - 1, 0) for match in matches)
        strangers += len(faces) - sum(len(match) for match in matches)
    small = found.pop(24)
    others = [hit for hits in found.values() for hit in hits]
    # Measured over the four frame sizes: 29 of 32 faces of 24 pixels, 109 of 110 larger ones.
    assert np.mean(small) >= 0.7
    assert np.mean(others) >= 0.88
    assert extra == 0
    assert strangers <= 12  # in five frames of clutter that no shop has; measured: up to 9 at 1920x1080


@pytest.mark.parametrize("size", SIZES[:4], ids=str)
def test_hardly_any_face_is_found_in_pictures_without_people(weak_detector, textured, size: tuple[int, int]):
    found = [
        face
        for seed in (31, 32, 33)
        for face in find_faces(textured(*size, seed), weak_detector, 24)
        if face.score >= 0.6
    ]
    assert len(found) <= 5  # measured: 0 to 3 in three frames
    assert find_faces(np.full((size[1], size[0], 3), 128, np.uint8), weak_detector, 24) == []


def test_faces_smaller_than_asked_for_are_not_reported(weak_detector, heads, textured):
    image = textured(640, 480, 3).copy()
    small = cv2.resize(heads[0], None, fx=30 / heads[0].shape[1] * 2, fy=30 / heads[0].shape[1] * 2)
    image[100 : 100 + small.shape[0], 200 : 200 + small.shape[1]] = small
    assert near(find_faces(image, weak_detector, 24), 230, 133, 30)
    assert not near(find_faces(image, weak_detector, 100), 230, 133, 30)


# --- live


@pytest.fixture
def walkers(heads, textured) -> Callable[..., tuple[np.ndarray, list[tuple[float, float]]]]:
    """``walkers(size, face_px, speed, count, index)``: frame ``index`` of wandering heads, and their centres."""

    def frame(size, face_px, speed, count, index):
        width, height = size
        image = textured(width, height, 11).copy()
        rng = np.random.default_rng(count)
        centres = []
        for number in range(count):
            head = heads[number % len(heads)]
            factor = face_px / (head.shape[1] / 2)
            small = cv2.resize(head, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            direction = rng.uniform(0, 2 * np.pi)
            # Each in a column of its own, so that no head covers another.
            x = (number + 0.3) * width / count + speed * index * np.cos(direction) / 2
            y = rng.uniform(0.15, 0.6) * height + speed * index * np.sin(direction)
            left = int(np.clip(x, 0, width - small.shape[1] - 1))
            top = int(np.clip(y, 0, height - small.shape[0] - 1))
            image[top : top + small.shape[0], left : left + small.shape[1]] = small
            centres.append((left + face_px, top + 1.1 * face_px))
        noise = np.random.default_rng(index).integers(0, 5, image.shape, np.uint8)
        return cv2.add(image, noise), centres

    return frame


def test_a_live_frame_never_costs_more_than_its_budget(weak_detector, demo_frames):
    detector = RecordingDetector(weak_detector)
    finder = LiveFaceFinder(detector, 24, 3)  # type: ignore[arg-type]
    known: list[tuple[float, float, float]] = [(5000.0, 10.0, 30.0)]  # an expected face outside the view does no harm
    for image, _ in demo_frames:
        detector.tiles.clear()
        known = [(*face.centre, face.size) for face in finder.find(image, known)]
        assert len(detector.tiles) <= 1 + 3


@pytest.mark.parametrize(
    ("size", "face_px", "speed", "count", "budget"),
    [
        pytest.param((1280, 720), 28, 3, 1, 4, id="one walks"),
        pytest.param((1280, 720), 28, 1, 1, 4, id="one creeps"),
        pytest.param((1280, 720), 28, 3, 3, 4, id="three walk"),
        pytest.param((1280, 720), 28, 3, 1, 1, id="a budget of one"),
        pytest.param((1920, 1080), 30, 3, 2, 4, id="a wide frame"),
        pytest.param((1920, 1080), 26, 1, 3, 4, id="three creep in a wide frame"),
        pytest.param((640, 480), 28, 2, 2, 2, id="a narrow frame"),
    ],
)
def test_small_moving_faces_are_found_soon_and_kept(weak_detector, walkers, size, face_px, speed, count, budget):
    detector = RecordingDetector(weak_detector)
    finder = LiveFaceFinder(detector, 24, budget)  # type: ignore[arg-type]
    known: list[tuple[float, float, float]] = []
    seen = np.zeros((30, count), bool)
    for index in range(30):
        image, centres = walkers(size, face_px, speed, count, index)
        detector.tiles.clear()
        faces = finder.find(image, known)
        assert len(detector.tiles) <= 1 + budget
        seen[index] = [bool(near(faces, x, y, 1.4 * face_px)) for x, y in centres]
        known = [(*face.centre, face.size) for face in faces if face.score >= 0.6] or known
    assert seen[:15].any(axis=0).all(), "found within a second at 15 frames a second"
    assert seen[15:].mean() >= (0.4 if budget == 1 else 0.85)


def test_if_known_faces_exceed_the_budget_all_have_their_turn_and_so_have_newcomers(weak_detector, textured):
    detector = RecordingDetector(weak_detector)
    finder = LiveFaceFinder(detector, 24, 4)  # type: ignore[arg-type]
    known = [(100.0 + 150 * n, 300.0, 26.0) for n in range(8)]
    around = dict.fromkeys(range(8), 0)
    elsewhere = 0
    for index in range(16):
        image = np.roll(textured(1280, 720, 5), 60 * index, axis=1)  # everything moves
        detector.tiles.clear()
        finder.find(image, known)
        assert len(detector.tiles) == 5
        for left, top, side in detector.tiles[1:]:
            held = [
                n
                for n, (x, y, s) in enumerate(known)
                if (left + side / 2, top + side / 2) == pytest.approx((x, y), abs=2)
            ]
            for n in held:
                around[n] += 1
            elsewhere += not held
    assert min(around.values()) >= 3
    assert max(around.values()) - min(around.values()) <= 2
    assert elsewhere >= 16


def test_all_tiles_of_a_moving_scene_have_their_turn(weak_detector, textured):
    detector = RecordingDetector(weak_detector)
    finder = LiveFaceFinder(detector, 24, 4)  # type: ignore[arg-type]
    finer = sum(len(level) for level in pyramid(640, 480, 24, 192)[1:])
    for index in range(finer // 4 + 2):
        finder.find(np.roll(textured(640, 480, 5), 40 * index, axis=1))
    assert len({tile for tile in detector.tiles if tile[2] < 640}) == finer


@pytest.mark.parametrize(
    ("known", "runs"),
    [
        pytest.param([], 0, id="nobody is there: nothing is computed"),
        pytest.param([(320.0, 240.0, 200.0)], 1, id="somebody stands still close by: the whole view"),
        pytest.param([(320.0, 240.0, 40.0)], 2, id="somebody stands still far off: a tile besides"),
    ],
)
def test_in_a_still_scene_only_known_faces_are_searched_even_with_sensor_noise(weak_detector, textured, known, runs):
    detector = RecordingDetector(weak_detector)
    finder = LiveFaceFinder(detector, 24, 4)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    for _ in range(10):
        detector.tiles.clear()
        noisy = textured(640, 480, 5).astype(float) + rng.normal(0, 6, (480, 640, 3))
        finder.find(np.clip(noisy, 0, 255).astype(np.uint8), known)
    assert len(detector.tiles) == runs


def test_neighbours_share_a_tile_and_people_far_apart_do_not(weak_detector, textured):
    detector = RecordingDetector(weak_detector)
    finder = LiveFaceFinder(detector, 24, 4)  # type: ignore[arg-type]
    image = textured(1280, 720, 5)
    finder.find(image)
    detector.tiles.clear()
    finder.find(image, [(300.0, 300.0, 50.0), (420.0, 320.0, 55.0), (1000.0, 300.0, 50.0)])
    around = detector.tiles[1:]
    assert len(around) == 2
    for x, y, size in [(300, 300, 50), (420, 320, 55), (1000, 300, 50)]:
        assert any(
            left + size <= x <= left + side - size and top + size <= y <= top + side - size
            for left, top, side in around
        )


@pytest.mark.parametrize(
    "known",
    [
        pytest.param([(-300.0, 100.0, 30.0)], id="left of the view"),
        pytest.param([(100.0, 1e9, 30.0)], id="far below"),
        pytest.param([(639.9, 479.9, 30.0)], id="in the corner"),
        pytest.param([(100.0, 100.0, 1e-3)], id="vanishing"),
        pytest.param([(320.0, 240.0, 5000.0)], id="larger than the view"),
        pytest.param([(float("nan"), 100.0, 30.0)], id="nowhere"),
    ],
)
def test_unusual_expected_faces_do_no_harm(weak_detector, textured, known):
    finder = LiveFaceFinder(weak_detector, 24, 4)
    for _ in range(3):
        finder.find(textured(640, 480, 5), known)


def test_the_frame_size_of_a_camera_may_change(weak_detector, walkers):
    finder = LiveFaceFinder(weak_detector, 24, 4)
    for size in [(1280, 720), (640, 480), (480, 640), (1280, 720)]:
        for index in range(12):
            image, centres = walkers(size, 40, 2, 1, index)
            faces = finder.find(image, [(*centres[0], 40.0)])
        assert near(faces, *centres[0], 56), size
