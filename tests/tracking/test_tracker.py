"""The tracker: walks, crossings, crowds, pauses, weak detections and verification."""

from __future__ import annotations

import numpy as np
import pytest

from edge.config.counting import Counting
from edge.errors import BadInput
from edge.tracking.tracker import MAX_TRACKS, Step, Tracker
from edge.vision.detection import Detection
from tests.faces import face

FRAME_S = 1 / 15


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(Counting(lost_s=1.5), min_score=0.6)


def ids(step: Step) -> list[int]:
    return sorted(track.id for track in step.seen)


def test_a_walk_is_one_track(tracker: Tracker):
    for index in range(60):
        step = tracker.step([face(100 + 8 * index, 200 + index, 30 + index)], index * FRAME_S)
        assert ids(step) == [1]
    assert tracker.tracks[0].hits == 60


def test_two_people_whose_paths_cross_keep_their_ids(tracker: Tracker):
    for index in range(61):
        left, right = face(100 + 10 * index, 200), face(700 - 10 * index, 245)
        step = tracker.step([right, left] if index % 2 else [left, right], index * FRAME_S)
        by_id = {track.id: track.detection for track in step.seen}
        assert set(by_id) == {1, 2}
    assert by_id[1] is left
    assert by_id[2] is right


@pytest.mark.parametrize("between", [0, 1], ids=["no frame between", "an empty frame between"])
@pytest.mark.parametrize(
    ("pause_s", "same"),
    [
        pytest.param(1.4, True, id="short"),
        pytest.param(1.6, False, id="long"),
        pytest.param(600.0, False, id="a camera's stall"),
    ],
)
def test_after_a_pause_nobody_takes_over_the_track_of_a_person_who_stood_there_before(
    tracker: Tracker, pause_s: float, same: bool, between: int
):
    """Without a frame in between, the track must end by the clock, not by frames without a detection."""
    tracker.step([face(300)], 0.0)
    ended = [track for _ in range(between) for track in tracker.step([], pause_s - FRAME_S).ended]
    step = tracker.step([face(300)], pause_s)
    assert [track.id for track in step.seen] == ([1] if same else [2])
    assert [track.id for track in (*ended, *step.ended)] == ([] if same else [1])
    assert step.seen[0].started_s == (0.0 if same else pause_s)


def test_two_frames_with_the_same_time_do_no_harm(tracker: Tracker):
    tracker.step([face(300)], 1.0)
    (track,) = tracker.step([face(302)], 1.0).seen
    assert (track.id, track.hits) == (1, 2)
    assert np.isfinite(track.velocity).all()


def test_time_does_not_run_backwards(tracker: Tracker):
    tracker.step([face(300)], 2.0)
    with pytest.raises(BadInput, match=r"the tracker is at 2.0 s, the next frame at 1.9 s"):
        tracker.step([face(300)], 1.9)


def test_a_tracker_needs_only_boxes_and_scores():
    tracker = Tracker()
    ids = {track.id for n in range(9) for track in tracker.step([Detection((n, 80, 60, 60), 0.9)], n / 15).seen}
    assert ids == {1}
    (track,) = tracker.tracks
    assert repr(track) == "Track(id=1, position=(38, 110), started_s=0.000, seen_s=0.533, hits=9)"
    assert repr(track.detection) == "Detection(box=(8, 80, 60, 60), score=0.9)"


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
def test_a_detection_continues_a_track_in_reach_and_of_similar_size(tracker: Tracker, second: Detection, same: bool):
    tracker.step([face(300)], 0.0)
    step = tracker.step([second], FRAME_S)
    assert [track.id for track in step.seen] == ([1] if same else [2])


def test_a_covered_face_is_found_again_where_it_was_heading(tracker: Tracker):
    for index in range(10):
        tracker.step([face(100 + 20 * index)], index * FRAME_S)
    # Ten frames later, behind a pillar: 220 pixels on, further than a face that stood still is searched for.
    (track,) = tracker.step([face(100 + 20 * 20)], 20 * FRAME_S).seen
    assert track.id == 1


def test_neighbours_are_not_exchanged_whatever_the_order_of_detections(tracker: Tracker):
    rng = np.random.default_rng(2)
    owners: dict[int, set[int]] = {}
    for index in range(60):
        people = [face(100 + 90 * person + rng.normal(0, 3), 200 + rng.normal(0, 3)) for person in range(6)]
        order = rng.permutation(6)
        for track in tracker.step([people[person] for person in order], index * FRAME_S).seen:
            person = next(number for number in range(6) if people[number] is track.detection)
            owners.setdefault(track.id, set()).add(person)
    assert sorted(owners) == [1, 2, 3, 4, 5, 6]
    assert all(len(people) == 1 for people in owners.values())


def test_a_weak_detection_continues_a_track_but_does_not_start_one(tracker: Tracker):
    assert ids(tracker.step([face(100, 100, score=0.4)], 0.0)) == []
    assert ids(tracker.step([face(100, 100, score=0.9)], 0.1)) == [1]
    assert ids(tracker.step([face(102, 100, score=0.4)], 0.2)) == [1]


def test_a_weak_detection_does_not_take_a_track_from_a_confident_one(tracker: Tracker):
    tracker.step([face(300)], 0.0)
    weak, strong = face(301, score=0.4), face(310)
    (track,) = tracker.step([weak, strong], FRAME_S).seen
    assert track.detection is strong


def test_a_face_that_is_unclear_for_a_moment_does_not_get_its_neighbours_detection(tracker: Tracker):
    """Two people walk one behind the other. The rear one is hidden, and reappears while the front face is unclear."""
    for n in range(10):
        there = [face(300 + 12 * n), face(270 + 12 * n)]
        tracker.step(there if n < 3 else there[:1], n * FRAME_S)
    front, rear = face(420, score=0.4), face(403)
    tracker.step([front, rear], 10 * FRAME_S)
    assert {track.id: track.detection for track in tracker.tracks} == {1: front, 2: rear}


def test_the_number_of_tracks_is_bounded_and_ids_are_never_used_twice(tracker: Tracker):
    crowd = [face(200.0 * (n % 40), 200.0 * (n // 40)) for n in range(MAX_TRACKS + 60)]
    seen: list[int] = []
    for turn in range(3):
        step = tracker.step(crowd, 10.0 * turn)  # each time all earlier ones have ended
        assert len(tracker.tracks) == MAX_TRACKS
        seen += [track.id for track in step.seen]
    assert len(set(seen)) == len(seen) == 3 * MAX_TRACKS


@pytest.mark.slow
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


def test_finish_ends_all_tracks_and_the_next_frame_starts_new_ones(tracker: Tracker):
    tracker.step([face(100), face(300)], 0.0)
    assert sorted(track.id for track in tracker.finish()) == [1, 2]
    assert tracker.finish() == ()
    assert [track.id for track in tracker.step([face(100)], FRAME_S).seen] == [3]


def test_the_back_of_a_head_does_not_continue_a_track_for_ever(tracker: Tracker):
    """Weak detections right after a confident one are taken for the face; a second later they are not."""
    for index in range(8):
        tracker.step([face(300)], index * FRAME_S)
    turned = [bool(tracker.step([face(300, score=0.45)], (8 + index) * FRAME_S).seen) for index in range(20)]
    assert turned[:5] == [True] * 5
    assert not any(turned[10:])


def test_a_tracks_score_is_its_best_median_and_not_raised_by_one_lucky_frame(tracker: Tracker):
    for index, score in enumerate([0.7] * 10 + [0.4] * 4):
        tracker.step([face(300, score=score)], index * FRAME_S)
    (track,) = tracker.tracks
    assert track.score == pytest.approx(0.7)  # it was a face, even if the head turned away at the end
    tracker.finish()
    for index, score in enumerate([0.65, 0.4, 0.4, 0.4, 0.95, 0.4, 0.4]):
        tracker.step([face(300, score=score)], 10 + index * FRAME_S)
    (track,) = tracker.tracks
    assert track.score == pytest.approx(0.4)


def test_one_wrong_detection_does_not_throw_a_track_off_its_path(tracker: Tracker):
    for index in range(10):
        tracker.step([face(300)], index * FRAME_S)
    tracker.step([face(372)], 10 * FRAME_S)  # a poster, for one frame
    assert np.hypot(*tracker.tracks[0].velocity) <= 9.0 * 45
    (track,) = tracker.step([face(302)], 20 * FRAME_S).seen
    assert track.id == 1


def test_a_track_ends_at_once_if_it_walks_out_but_not_if_it_stands_at_the_edge(tracker: Tracker):
    view = (640, 480)
    for index in range(8):
        tracker.step([face(420 + 25 * index), face(30, 400)], index * FRAME_S, [], view)
    ended = [
        track.detection.centre[0]
        for index in range(8, 14)
        for track in tracker.step([], index * FRAME_S, [], view).ended
    ]
    assert ended == [595.0]
    assert [track.detection.centre[0] for track in tracker.tracks] == [30.0]


@pytest.mark.parametrize("gap_s", [0.1, 0.29, 0.4, 0.6])
def test_a_crowd_is_followed_even_at_few_frames_a_second(tracker: Tracker, gap_s: float):
    """Only three faces of a frame are verified: newcomers, and not everybody in every frame."""
    verified = 0

    def is_face(_: Detection) -> bool:
        nonlocal verified
        verified += 1
        return True

    places = [100.0, 250.0, 400.0, 550.0, 700.0, 850.0]
    for n in range(8):
        crowd = [face(x + 20 * n * gap_s) for x in places]
        step = tracker.step(crowd, 100 + n * gap_s, [None] * 6, (960, 540), is_face)
    assert sorted(track.id for track in step.seen) == [1, 2, 3, 4, 5, 6]
    assert [track.hits for track in sorted(step.seen, key=lambda track: track.id)] == [8, 8, 8, 7, 7, 7]
    assert verified == 6


def test_false_faces_that_are_never_verified_do_not_keep_others_from_being_verified(tracker: Tracker):
    """Four patterns on the wall look like faces to the detector, and the face of a newcomer is listed last."""
    walls = [face(100.0 + 100 * n, 60.0) for n in range(4)]
    for n in range(6):
        step = tracker.step(
            [*walls, face(600 + 2 * n)], n / 15, [None] * 5, (960, 540), lambda detection: detection.centre[1] > 100
        )
    (track,) = step.seen
    assert track.hits >= 4
