"""Finding hidden people again: which tracks continue an earlier one, and which do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from edge.config.counting import Counting
from edge.config.entrance import Entrance
from edge.counting.best_shots import BestShots, Shot
from edge.counting.line_crossing import CrossingDetector
from edge.tracking.clothing import LENGTH, ClothingColours, is_clothing_visible
from edge.tracking.tracker import Tracker
from edge.vision.detection import Detection
from tests.faces import face

VIEW = (960, 540)
STEP_S = 0.1
RED, BLUE = (np.tile(np.float32(colour), LENGTH // 3) for colour in ([30, 30, 180], [160, 60, 30]))

CLOTHES: dict[str, ClothingColours | None] = {"red": RED, "blue": BLUE, "covered": None}


@dataclass(frozen=True)
class Hidden:
    """A person walks right from x = 200 for a second, 80 pixels a second, is hidden, and is seen again for a second."""

    gap_s: float = 2.0
    at: float = 440.0
    speed: float = 80.0
    size: float = 40.0
    y: float = 200.0
    clothes: str = "red"

    def tracks(self) -> set[int]:
        """Identifiers of all tracks of this scene."""
        tracker = Tracker(Counting(), 0.6)
        ended: set[int] = set()
        for n in range(11):
            tracker.step([face(200 + 8 * n)], n * STEP_S, [RED], VIEW)
        for n in range(1, round(self.gap_s / STEP_S)):
            ended |= {track.id for track in tracker.step([], 1 + n * STEP_S, [], VIEW).ended}
        for n in range(11):
            again = face(self.at + self.speed * n * STEP_S, self.y, self.size)
            step = tracker.step([again], 1 + self.gap_s + n * STEP_S, [CLOTHES[self.clothes]], VIEW)
            ended |= {track.id for track in step.ended}
        return ended | {track.id for track in tracker.finish()}


@pytest.mark.parametrize(
    ("case", "people"),
    [
        pytest.param(Hidden(), 1, id="walked on"),
        pytest.param(Hidden(at=285, speed=0), 1, id="stood still"),
        pytest.param(Hidden(at=350), 1, id="stood for a while"),
        pytest.param(Hidden(clothes="covered"), 1, id="walked on, clothes covered"),
        pytest.param(Hidden(clothes="blue"), 2, id="other clothes"),
        pytest.param(Hidden(at=800), 2, id="further than anyone walks"),
        pytest.param(Hidden(gap_s=1.0, at=60, speed=-80), 2, id="the other way, too far"),
        pytest.param(Hidden(size=80), 2, id="twice as large"),
        pytest.param(Hidden(y=420), 2, id="much lower"),
        pytest.param(Hidden(gap_s=5.9, at=280 + 80 * 5.9), 1, id="hidden for nearly too long"),
        pytest.param(Hidden(gap_s=6.2, at=280 + 80 * 6.2), 2, id="hidden for a little too long"),
        pytest.param(Hidden(gap_s=6.5, at=800), 2, id="hidden for too long"),
        pytest.param(Hidden(gap_s=5.0, at=290, speed=0, clothes="covered"), 2, id="long, and clothes covered"),
    ],
)
def test_tracks_of_a_hidden_person_are_joined_only_if_it_can_be_the_same_person(case: Hidden, people: int):
    assert len(case.tracks()) == people


def test_two_people_who_reappear_together_are_matched_together():
    """Each is nearer to the other's old place; their clothes tell them apart."""
    tracker = Tracker(Counting(), 0.6)
    for n in range(11):
        tracker.step([face(400), face(470)], n * STEP_S, [RED, BLUE], VIEW)
    for n in range(1, 20):
        tracker.step([], 1 + n * STEP_S, [], VIEW)
    for n in range(8):
        tracker.step([face(430), face(500)], 3 + n * STEP_S, [BLUE, RED], VIEW)
    assert {track.id: track.detection.centre[0] for track in tracker.tracks} == {1: 500, 2: 430}


def test_a_person_who_comes_in_at_the_edge_was_not_hidden():
    tracker = Tracker(Counting(), 0.6)
    for n in range(11):
        tracker.step([face(850 + 4 * n)], n * STEP_S, [RED], VIEW)
    for n in range(8):
        tracker.step([face(945 - 4 * n)], 3 + n * STEP_S, [None], VIEW)
    assert len(tracker.finish()) == 2


def test_a_hidden_person_who_reappears_at_the_edge_on_the_way_out_keeps_the_track():
    tracker = Tracker(Counting(), 0.6)
    for n in range(11):
        tracker.step([face(500 + 12 * n)], n * STEP_S, [RED], VIEW)
    for n in range(1, 25):
        tracker.step([], 1 + n * STEP_S, [], VIEW)
    for n in range(5):
        tracker.step([face(925 + 12 * n)], 3.5 + n * STEP_S, [None], VIEW)
    assert len(tracker.finish()) == 1


def test_a_person_hidden_for_long_is_the_same_only_if_they_walked_on_as_before():
    walked, stood = (
        Hidden(gap_s=3.5, at=280 + 80 * 3.5, clothes="covered"),
        Hidden(gap_s=3.5, at=285, speed=0, clothes="covered"),
    )
    assert (len(walked.tracks()), len(stood.tracks())) == (1, 2)


def test_stitched_tracks_are_reported_once_and_keep_their_start_and_hits():
    tracker = Tracker(Counting(), 0.6)
    stitched = []
    for n in range(40):
        there = [face(300)] if n < 10 or n >= 28 else []
        tracker.step(there, n * STEP_S, [RED] * len(there), VIEW)
        stitched += tracker.stitched
    assert stitched == [(1, 2)]
    (track,) = tracker.tracks
    assert (track.id, track.started_s, track.hits) == (1, 0.0, 22)


@pytest.mark.parametrize(
    ("is_face", "tracks"), [pytest.param(lambda _: True, 1, id="a face"), pytest.param(lambda _: False, 0, id="none")]
)
def test_a_new_track_starts_only_from_a_verified_face(is_face: Callable[[Detection], bool], tracks: int):
    tracker = Tracker(Counting(), 0.6)
    tracker.step([face(300)], 0.0, [None], VIEW, is_face)
    assert len(tracker.tracks) == tracks


def test_a_detection_that_fails_verification_does_not_move_a_lost_track():
    tracker = Tracker(Counting(), 0.6)
    for n in range(10):
        tracker.step([face(300)], n * STEP_S, [RED], VIEW, lambda _: True)
    tracker.step([face(330)], 1.5, [RED], VIEW, lambda _: False)
    assert tracker.tracks[0].detection.centre[0] == 300


def test_a_track_that_simply_continues_is_verified_only_at_its_start():
    tracker = Tracker(Counting(), 0.6)
    verified = []
    for n in range(10):
        tracker.step([face(300 + n)], n * STEP_S, [RED], VIEW, lambda it: verified.append(it) or True)
    assert len(verified) == 1


def test_two_boxes_around_one_face_are_one_track():
    tracker = Tracker(Counting(), 0.6)
    tracker.step([face(300)], 0.0, [RED], VIEW)
    tracker.step([face(302), face(290, 185)], STEP_S, [RED, RED], VIEW)
    assert len(tracker.tracks) == 1


@pytest.mark.parametrize(
    ("other", "visible"),
    [
        pytest.param(face(480, size=60), False, id="nearer, before the clothes"),
        pytest.param(face(620, size=60), True, id="nearer, far aside"),
        pytest.param(face(480, size=30), True, id="behind"),
        pytest.param(face(500, 400, size=60), True, id="nearer, below"),
    ],
)
def test_clothes_behind_somebody_nearer_are_not_measured(other: Detection, visible: bool):
    assert is_clothing_visible([face(500), other])[0] == visible


LINE = Entrance(line=((0.5, 0.0), (0.5, 1.0)), inside="right")


@pytest.mark.parametrize(
    ("first", "gap_at", "second", "direction"),
    [
        pytest.param((300, 440), 1, (520, 640), "in", id="hidden on the line"),
        pytest.param((300, 440), 1, (430, 320), None, id="turned back in hiding"),
        pytest.param((300, 640), 1, (620, 640), "in", id="crossed before"),
        pytest.param((300, 360), 1, (420, 640), "in", id="crosses after"),
        pytest.param((300, 640), 1, (640, 300), None, id="in, then out"),
    ],
)
def test_joined_paths_cross_the_line_as_one_path(first: tuple, gap_at: int, second: tuple, direction: str | None):
    crossings = CrossingDetector(LINE)
    for number, (start, end) in ((1, first), (2, second)):
        for n, x in enumerate(np.linspace(start, end, 12).tolist()):
            crossings.observe(number, face(x), 3 * number + n * STEP_S, VIEW)
    crossings.join(1, 2)
    passage = crossings.end(1)
    assert passage.direction == direction
    assert passage.began[0] == pytest.approx(first[0] / VIEW[0])
    assert passage.ended[0] == pytest.approx(second[1] / VIEW[0])


def test_a_crossing_after_a_gap_counts_even_if_the_path_before_it_was_never_clearly_outside():
    """Before the gap the face is only in the band around the line, after it, it crosses: the path before is guessed."""
    crossings = CrossingDetector(Entrance(line=((0.5, 0.0), (0.5, 1.0)), inside="right", hysteresis=0.5))
    for n, x in enumerate(np.linspace(462, 479, 6).tolist()):
        crossings.observe(1, face(x), n * 0.05, VIEW)
    for n, x in enumerate((479.5, 484.0, 490.0, 510.0, 540.0)):
        crossings.observe(2, face(x), 1 + n * STEP_S, VIEW)
    crossings.join(1, 2)
    assert crossings.end(1).direction == "in"


@pytest.mark.parametrize(
    ("way", "direction"),
    [
        pytest.param((300, 460), "in", id="vanishes just before the line"),
        pytest.param((300, 380), None, id="vanishes far from the line"),
        pytest.param((500, 660), "in", id="turns up just behind the line"),
        pytest.param((452, 460), None, id="stands"),
        pytest.param((420, 460), None, id="hardly walks"),
    ],
)
def test_a_walking_person_who_disappears_is_assumed_to_walk_on(way: tuple[float, float], direction: str | None):
    crossings = CrossingDetector(LINE)
    for n, x in enumerate(np.linspace(*way, 12).tolist()):
        crossings.observe(1, face(x), n * STEP_S, VIEW)
    assert crossings.end(1).direction == direction


def test_a_person_who_walks_out_of_the_frame_is_not_assumed_to_walk_on():
    crossings = CrossingDetector(Entrance(line=((0.99, 0.0), (0.99, 1.0)), inside="right"))
    for n, x in enumerate(np.linspace(780, 930, 12).tolist()):
        crossings.observe(1, face(x), n * STEP_S, VIEW)
    assert crossings.end(1).direction is None


def test_joined_tracks_keep_the_best_shots_of_both():
    blank = np.zeros((4, 4, 3), np.uint8)
    first, second = BestShots(3), BestShots(3)
    for shots, start, qualities in ((first, 0.0, (0.2, 0.9, 0.4)), (second, 5.0, (0.8, 0.1, 0.3))):
        for n, quality in enumerate(qualities):
            shots.add(Shot(quality, start + n, blank, blank))
    first.join(second)
    assert [shot.quality for shot in first.shots] == [0.9, 0.8, 0.4]
