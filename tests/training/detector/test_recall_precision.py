"""Counting what a detector finds in frames whose faces are known."""

from __future__ import annotations

import numpy as np
import pytest

from edge.vision.detection import Detection
from training.detector.composites import SceneFace
from training.detector.recall_precision import DetectionCounts, LabelledFrames, count_detections
from training.detector.recordings import LABELS, recording_frames, recording_photos

NO_LANDMARKS = np.zeros((6, 2), np.float32)


def place(left: float, top: float, side: float, clear: bool = True) -> SceneFace:
    return SceneFace(np.array([left, top, side, side], np.float32), NO_LANDMARKS, clear)


def found(left: float, top: float, side: float, score: float = 0.9) -> Detection:
    return Detection((left, top, side, side), score, NO_LANDMARKS)


@pytest.mark.parametrize(
    ("reported", "faces", "hits", "false"),
    [
        pytest.param([], [place(0, 0, 40)], 0, 0, id="missed"),
        pytest.param([found(4, 2, 38)], [place(0, 0, 40)], 1, 0, id="found"),
        pytest.param([found(80, 0, 40)], [place(0, 0, 40)], 0, 1, id="elsewhere"),
        pytest.param([found(0, 0, 40), found(3, 3, 40, 0.7)], [place(0, 0, 40)], 1, 1, id="twice"),
        pytest.param([found(10, 10, 18)], [place(0, 0, 40)], 0, 1, id="its mouth"),
        pytest.param([found(0, 0, 40)], [place(0, 0, 40), place(30, 0, 40)], 1, 0, id="one of two"),
        pytest.param([found(5, 5, 30)], [place(0, 0, 40, clear=False)], 0, 0, id="one that need not be found"),
        pytest.param([found(0, 0, 40)], [], 0, 1, id="no face there"),
    ],
)
def test_each_face_is_found_once_and_other_detections_are_false(reported, faces, hits, false):
    counts = DetectionCounts()
    counts.add(reported, faces)
    assert (counts.found, counts.reported - counts.found) == (hits, false)
    assert counts.faces == sum(face.clear for face in faces)


def test_figures_are_over_all_scenes():
    searches = [lambda labelled: [found(0, 0, 40)], lambda labelled: []]
    scenes = [LabelledFrames([], [place(0, 0, 40)]), LabelledFrames([], [place(0, 0, 20), place(50, 0, 120)])]
    one, none = count_detections(searches, scenes)
    assert one.figures() == {
        "faces": 3, "found": 1, "false": 1, "recall": 0.333333, "precision": 0.5,
        "recall_by_size": {"over 96": 0.0, "to  24": 0.0, "to  48": 1.0},
    }  # fmt: skip
    assert (none.recall, none.precision) == (0, 1)


@pytest.mark.slow
def test_the_recordings_have_the_marked_faces(clips):
    assert LABELS.is_file()
    photos = list(recording_photos(clips))
    assert sum(face.clear for labelled in photos for face in labelled.faces) == 70
    for index, labelled in zip(range(40), recording_frames(clips), strict=False):
        assert labelled.new_scene == (index in (0, 35)), "the second recording starts anew"
