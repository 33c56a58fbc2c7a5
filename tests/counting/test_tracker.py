"""The tracker where time jumps, faces crowd and sizes change."""

from __future__ import annotations

import numpy as np
import pytest

from edge.config.counting import Counting
from edge.counting.tracker import MAX_TRACKS, Tracker
from edge.vision.detection import Detection

FRAME_S = 1 / 15


def face(x: float, y: float = 200.0, size: float = 40.0, score: float = 0.9) -> Detection:
    return Detection((x - size / 2, y - size / 2, size, size), score, np.zeros((6, 2), np.float32))


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(Counting(lost_s=1.5), min_score=0.6)


@pytest.mark.parametrize(
    ("pause_s", "same"),
    [
        pytest.param(1.4, True, id="short"),
        pytest.param(1.6, False, id="long"),
        pytest.param(600.0, False, id="a camera's stall"),
    ],
)
def test_after_a_pause_nobody_takes_over_who_stood_there_before(tracker: Tracker, pause_s: float, same: bool):
    """No frame at all came in between: the track must end by the clock, not by frames without a detection."""
    tracker.step([face(300)], 0.0)
    step = tracker.step([face(300)], pause_s)
    assert [track.id for track in step.seen] == ([1] if same else [2])
    assert [track.id for track in step.ended] == ([] if same else [1])
    assert step.seen[0].started_s == (0.0 if same else pause_s)


def test_two_frames_of_the_same_instant_do_no_harm(tracker: Tracker):
    tracker.step([face(300)], 1.0)
    (track,) = tracker.step([face(302)], 1.0).seen
    assert (track.id, track.hits) == (1, 2)
    assert np.isfinite(track.velocity).all()


@pytest.mark.parametrize(
    ("second", "same"),
    [
        pytest.param(face(320), True, id="a step aside"),
        pytest.param(face(300, size=60), True, id="nearer"),
        pytest.param(face(300, size=110), False, id="far too large"),
        pytest.param(face(300, size=15), False, id="far too small"),
        pytest.param(face(420), False, id="out of reach"),
    ],
)
def test_a_detection_belongs_to_a_track_within_reach_and_of_like_size(tracker: Tracker, second: Detection, same: bool):
    tracker.step([face(300)], 0.0)
    step = tracker.step([second], FRAME_S)
    assert [track.id for track in step.seen] == ([1] if same else [2])


def test_a_covered_face_is_found_again_where_it_was_going(tracker: Tracker):
    for index in range(10):
        tracker.step([face(100 + 20 * index)], index * FRAME_S)
    # Ten frames behind a pillar: 220 pixels on, further than a face that stood still would be looked for.
    (track,) = tracker.step([face(100 + 20 * 20)], 20 * FRAME_S).seen
    assert track.id == 1


def test_neighbours_are_not_exchanged_whatever_the_order(tracker: Tracker):
    rng = np.random.default_rng(2)
    owners: dict[int, set[int]] = {}
    for index in range(60):
        people = [face(100 + 90 * who + rng.normal(0, 3), 200 + rng.normal(0, 3)) for who in range(6)]
        order = rng.permutation(6)
        for track in tracker.step([people[who] for who in order], index * FRAME_S).seen:
            who = next(number for number in range(6) if people[number] is track.detection)
            owners.setdefault(track.id, set()).add(who)
    assert sorted(owners) == [1, 2, 3, 4, 5, 6]
    assert all(len(people) == 1 for people in owners.values())


def test_a_weak_detection_does_not_take_a_track_from_a_confident_one(tracker: Tracker):
    tracker.step([face(300)], 0.0)
    weak, strong = face(301, score=0.4), face(310)
    (track,) = tracker.step([weak, strong], FRAME_S).seen
    assert track.detection is strong


def test_a_crowd_beyond_all_measure_is_bounded_and_ids_are_never_used_twice(tracker: Tracker):
    crowd = [face(200.0 * (n % 40), 200.0 * (n // 40)) for n in range(MAX_TRACKS + 60)]
    seen: list[int] = []
    for turn in range(3):
        step = tracker.step(crowd, 10.0 * turn)  # each time all earlier ones have ended
        assert len(tracker.tracks) == MAX_TRACKS
        seen += [track.id for track in step.seen]
    assert len(set(seen)) == len(seen) == 3 * MAX_TRACKS


def test_finish_ends_all_and_a_new_start_is_clean(tracker: Tracker):
    tracker.step([face(100), face(300)], 0.0)
    assert sorted(track.id for track in tracker.finish()) == [1, 2]
    assert tracker.finish() == ()
    assert [track.id for track in tracker.step([face(100)], FRAME_S).seen] == [3]
