"""Counting what a detector finds, where it is known what there is to find."""

from __future__ import annotations

import numpy as np
import pytest

from edge.vision.detection import Detection
from training.detector.composites import Placed
from training.detector.recall_precision import Shown, Tally, tallies
from training.detector.recordings import MARKS, clip_frames, clip_photos

MARKS_0 = np.zeros((6, 2), np.float32)


def place(left: float, top: float, side: float, plain: bool = True) -> Placed:
    return Placed(np.array([left, top, side, side], np.float32), MARKS_0, plain)


def found(left: float, top: float, side: float, score: float = 0.9) -> Detection:
    return Detection((left, top, side, side), score, MARKS_0)


@pytest.mark.parametrize(
    ("reported", "faces", "hits", "false"),
    [
        pytest.param([], [place(0, 0, 40)], 0, 0, id="missed"),
        pytest.param([found(4, 2, 38)], [place(0, 0, 40)], 1, 0, id="found"),
        pytest.param([found(80, 0, 40)], [place(0, 0, 40)], 0, 1, id="elsewhere"),
        pytest.param([found(0, 0, 40), found(3, 3, 40, 0.7)], [place(0, 0, 40)], 1, 1, id="twice"),
        pytest.param([found(10, 10, 18)], [place(0, 0, 40)], 0, 1, id="its mouth"),
        pytest.param([found(0, 0, 40)], [place(0, 0, 40), place(30, 0, 40)], 1, 0, id="one of two"),
        pytest.param([found(5, 5, 30)], [place(0, 0, 40, plain=False)], 0, 0, id="one that need not be found"),
        pytest.param([found(0, 0, 40)], [], 0, 1, id="nobody there"),
    ],
)
def test_faces_are_found_once_and_all_else_is_false(reported, faces, hits, false):
    tally = Tally()
    tally.add(reported, faces)
    assert (tally.found, tally.reported - tally.found) == (hits, false)
    assert tally.faces == sum(face.plain for face in faces)


def test_shares_and_sizes_are_of_all_scenes():
    searches = [lambda shown: [found(0, 0, 40)], lambda shown: []]
    scenes = [Shown([], [place(0, 0, 40)]), Shown([], [place(0, 0, 20), place(50, 0, 120)])]
    one, none = tallies(searches, scenes)
    assert one.figures() == {
        "faces": 3, "found": 1, "false": 1, "recall": 0.333333, "precision": 0.5,
        "recall_by_size": {"over 96": 0.0, "to  24": 0.0, "to  48": 1.0},
    }  # fmt: skip
    assert (none.recall, none.precision) == (0, 1)


def test_the_recordings_have_the_faces_that_were_marked(clips):
    assert MARKS.is_file()
    photos = list(clip_photos(clips))
    assert sum(face.plain for shown in photos for face in shown.faces) == 70
    for index, shown in zip(range(40), clip_frames(clips), strict=False):
        assert shown.fresh == (index in (0, 35)), "the second recording starts anew"
