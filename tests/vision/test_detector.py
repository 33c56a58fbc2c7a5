"""The detector on one square, and how overlapping boxes become one detection for each face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.vision.card import Anchors
from edge.vision.detection import Detection, intersection_over_smaller, intersection_over_union
from edge.vision.detector import anchor_centres, blend


def at(left: float, top: float, side: float, score: float) -> Detection:
    return Detection((left, top, side, side), score, np.full((6, 2), left, np.float32))


def test_anchors_come_row_by_row_layer_by_layer():
    centres = anchor_centres(Anchors(cells=(2, 1), per_cell=(1, 2)))
    assert centres.tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75], [0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("first", "second", "union", "nested"),
    [
        pytest.param((0, 0, 10, 10), (0, 0, 10, 10), 1, 1, id="the same"),
        pytest.param((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3, 0.5, id="half"),
        pytest.param((0, 0, 10, 10), (2, 2, 5, 5), 0.25, 1, id="inside"),
        pytest.param((0, 0, 10, 10), (10, 0, 10, 10), 0, 0, id="side by side"),
        pytest.param((0, 0, 0, 0), (0, 0, 0, 0), 0, 0, id="nothing"),
    ],
)
def test_intersections_of_boxes_over_their_union_and_over_the_smaller(first, second, union, nested):
    a, b = np.array([first], np.float32), np.array([second], np.float32)
    assert intersection_over_union(a, b).item() == intersection_over_union(b, a).item() == pytest.approx(union)
    assert intersection_over_smaller(a, b).item() == intersection_over_smaller(b, a).item() == pytest.approx(nested)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param([at(0, 0, 40, 0.9), at(8, 0, 40, 0.3)], [(2, 40, 0.9)], id="averaged by score"),
        pytest.param([at(0, 0, 40, 0.7), at(41, 0, 40, 0.9)], [(41, 40, 0.9), (0, 40, 0.7)], id="neighbours stay"),
        pytest.param([at(0, 0, 40, 0.7), at(25, 0, 40, 0.9)], [(25, 40, 0.9), (0, 40, 0.7)], id="one partly hidden"),
        pytest.param([at(0, 0, 100, 0.6), at(40, 40, 24, 0.9)], [(40, 24, 0.9)], id="a false large box around a face"),
        pytest.param([at(0, 0, 100, 0.9), at(40, 60, 24, 0.6)], [(0, 100, 0.9)], id="a false small box in a face"),
    ],
)
def test_overlapping_boxes_become_one_detection(boxes: list[Detection], expected: list[tuple[float, float, float]]):
    blended = [(face.box[0], face.size, face.score) for face in blend(boxes[::-1])]
    assert len(blended) == len(expected)
    assert np.array(blended) == pytest.approx(np.array(expected))
    assert sorted(f.box for f in blend(blend(boxes))) == sorted(f.box for f in blend(boxes))


@pytest.mark.slow
def test_a_face_is_found_at_the_same_place_in_any_square(weak_detector, heads, textured):
    image = textured(640, 480, 3).copy()
    head = heads[0]
    scale = 60 / (head.shape[1] / 2)
    small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image[200 : 200 + small.shape[0], 300 : 300 + small.shape[1]] = small
    x, y = 300 + 60.0, 200 + 60 * 1.1
    squares = [(250, 150, 300), (200, 120, 384), (280, 190, 192), (100, 0, 480), (-60, -100, 700), (160, 40, 520)]
    for left, top, side in squares:
        near = [
            face
            for face in weak_detector.detect(image, left, top, side)
            if np.hypot(face.centre[0] - x, face.centre[1] - y) < 20 and 40 < face.size < 90
        ]
        assert len(near) == 1, (left, top, side)
        eyes, mouth = near[0].landmarks[:2], near[0].landmarks[3]
        assert eyes[0, 0] < eyes[1, 0]
        assert eyes[:, 1].max() < mouth[1]


@pytest.mark.parametrize("square", [(5000, 0, 192), (-500, -500, 300), (0, 0, 1), (0, 0, 20_000)], ids=str)
def test_no_face_is_found_in_a_square_that_hardly_shows_the_image(
    weak_detector, textured, square: tuple[int, int, int]
):
    assert weak_detector.detect(textured(320, 240, 1), *square) == []
