"""Following faces: one id a person, through gaps and crossings, and no end of memory."""

from __future__ import annotations

import numpy as np
import pytest

from edge.config.counting import Counting
from edge.tracking.tracker import MAX_TRACKS, Tracker
from edge.vision.detection import Detection

FRAME_S = 1 / 15


def face(x: float, y: float, size: float = 40.0, score: float = 0.9) -> Detection:
    marks = np.array([[x - 9, y - 8], [x + 9, y - 8], [x, y], [x, y + 9], [x - 18, y], [x + 18, y]], np.float32)
    return Detection((x - size / 2, y - size / 2, size, size), score, marks)


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(Counting(), min_score=0.6)


def ids(step) -> list[int]:
    return sorted(track.id for track in step.seen)


def test_a_walk_is_one_track(tracker: Tracker):
    for index in range(60):
        step = tracker.step([face(100 + 8 * index, 200 + index, 30 + index)], index * FRAME_S)
        assert ids(step) == [1]
    assert tracker.tracks[0].hits == 60


def test_two_people_who_cross_keep_their_ids(tracker: Tracker):
    for index in range(61):
        left, right = face(100 + 10 * index, 200), face(700 - 10 * index, 245)
        step = tracker.step([right, left] if index % 2 else [left, right], index * FRAME_S)
        by_id = {track.id: track.detection for track in step.seen}
        assert set(by_id) == {1, 2}
    assert by_id[1] is left
    assert by_id[2] is right


@pytest.mark.parametrize(
    ("gap_s", "tracks"), [pytest.param(1.0, 1, id="short gap"), pytest.param(2.0, 2, id="longer than lost_s")]
)
def test_a_gap_is_bridged_up_to_its_limit(tracker: Tracker, gap_s: float, tracks: int):
    seen = set()
    for index in range(10):
        seen |= set(ids(tracker.step([face(300, 200)], index * FRAME_S)))
    tracker.step([], 9 * FRAME_S + gap_s - FRAME_S)
    seen |= set(ids(tracker.step([face(302, 200)], 9 * FRAME_S + gap_s)))
    assert len(seen) == tracks


def test_a_weak_detection_carries_a_track_on_but_starts_none(tracker: Tracker):
    assert ids(tracker.step([face(100, 100, score=0.4)], 0.0)) == []
    assert ids(tracker.step([face(100, 100, score=0.9)], 0.1)) == [1]
    assert ids(tracker.step([face(102, 100, score=0.4)], 0.2)) == [1]


def test_every_track_ends_exactly_once_and_memory_is_bounded(tracker: Tracker):
    random = np.random.default_rng(3)
    born: set[int] = set()
    ended: list[int] = []
    for index in range(400):
        crowd = [face(*random.uniform(0, 4000, 2), score=random.uniform(0.3, 1)) for _ in range(40)]
        step = tracker.step(crowd, index * FRAME_S)
        born |= set(ids(step))
        ended += [track.id for track in step.ended]
        assert len(tracker.tracks) <= MAX_TRACKS
    ended += [track.id for track in tracker.finish()]
    assert sorted(ended) == sorted(born)
    assert tracker.tracks == []
