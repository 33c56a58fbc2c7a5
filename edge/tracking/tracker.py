"""From detections to tracks: predict, match, update, end. Read it from top to bottom.

As in Y. Zhang et al., "ByteTrack", ECCV 2022, weak detections carry tracks on. Unlike there they are matched together
with the confident ones: whose face is faint for a moment must not be given the neighbour's. Whatever does not simply go
on stands a second look, after which a weak detection may start a track, too. Who was hidden or turned away for longer
begins a new track, which :mod:`edge.tracking.stitching` joins to the old one a moment later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import lap
import numpy as np
import numpy.typing as npt

from edge.config.counting import Counting
from edge.errors import BadInput
from edge.tracking.clothing import LENGTH, Look, differences
from edge.tracking.stitching import RIPE_S, stitch
from edge.tracking.track import Floats, Track
from edge.vision.detection import Detection

# All lengths are in face sizes.
GATE = 3.0
"""A detection may lie so many standard deviations from where its track is expected ..."""
REACH, REACH_PER_S = 1.2, 1.5
"""... but no further than this, and so much more for each second without a detection."""
SIZE_COUNTS, LOOK_COUNTS = 1.2, 0.6
"""How much size and clothes weigh where several could be meant."""
UPRIGHT = 1.5
"""A step up or down counts so many times as much as one aside: faces keep their height."""
FAINT = 0.3
"""What it costs to take a weak detection where there is a confident one."""
NO_LOOK = 0.5
"""Difference of looks, as a share of UNLIKE, where one is not known."""
DOUBLE = 0.6
"""Boxes nearer to each other than this are about one face."""
GROWTH = 1.6
"""A face may change its size by this factor between two detections of a track."""
UNLIKE = 0.5
"""By how much looks of two people differ, as a share of their brightness."""
LEFT_S, OUTSIDE, FORESEEN_S = 0.15, 0.25, 1.5
"""Who was not seen for the first (seconds), and is expected so many face sizes outside the view, has left. So far ahead
(seconds) somebody is expected to walk on."""
FRESH_S, NEAR_S = 0.3, 0.8
"""Who was seen in one of the last two frames, and so short a time ago, is followed by any confident detection; until
the second time has passed by one that stood a second look. All others are stitched."""
STEADY = 1.5
"""Frames at most so many times as far apart as the two before come steadily: then the last one may be older, too."""
SECOND_LOOKS = 3
"""Confident detections of a frame, and weak ones, that get one."""
WEAK_S = 0.6
"""Weak detections that get no second look carry a track on for so long: a nape may be a weak face for ever."""
MAX_TRACKS = 200
"""Bound on memory: far more than faces fit into a view."""


@dataclass(frozen=True)
class Step:
    """What one frame did: tracks that were seen in it, tracks that ended with it."""

    seen: tuple[Track, ...]
    ended: tuple[Track, ...]


class Tracker:
    """Follows faces, or anything else in boxes, from frame to frame. Needs no picture and no model.

    >>> step = Tracker().step([Detection(box=(100, 80, 60, 60), score=0.9)], now_s=0.0)
    >>> [track.id for track in step.seen]
    [1]

    Args:
        counting: the section ``[counting]``: after how many seconds a track ends; defaults if None.
        min_score: detections with this score, 0..1, or more may start a track; weaker ones only continue one.
    """

    def __init__(self, counting: Counting | None = None, min_score: float = 0.6) -> None:
        counting = counting or Counting()
        self._lost_s = counting.lost_s
        self._bridge_s = counting.forgotten_s
        self._min_score = min_score
        self._next_id = 1
        self._turn = 0
        self._now_s = self._before_s = 0.0
        self._view: tuple[int, int] | None = None
        self.joined: tuple[tuple[int, int], ...] = ()
        """Of the last step: earlier tracks that turned out to go on as later ones, which are no more."""
        self.tracks: list[Track] = []
        """All tracks that have not ended, also those that were not seen in the last frame."""

    def step(
        self,
        detections: Sequence[Detection],
        now_s: float,
        looks: Sequence[Look | None] = (),
        view: tuple[int, int] | None = None,
        is_face: Callable[[Detection], bool] | None = None,
    ) -> Step:
        """Take the detections of the next frame, at ``now_s`` seconds from 0 on, which must not run backwards.

        ``looks`` are what the detected people wear, ``view`` is the frame's width and height: without them nobody is
        recognised after more than ``lost_s``, and nobody is known to have left. ``is_face`` is the second look.

        Raises:
            BadInput: time runs backwards.
        """
        fresh_s = self._fresh_since(now_s)
        self._join(now_s, view)
        # Before all else: after a pause of the camera nobody takes over the track of who stood there before.
        ended = tuple(track for track in self.tracks if self._is_over(track, now_s, view))
        self.tracks = [track for track in self.tracks if track not in ended]
        faces = _Faces(detections, looks)
        sure = {n for n, detection in enumerate(detections) if detection.score >= self._min_score}
        seen: list[Track] = []

        def follow(track: Track, number: int) -> None:
            track.follow(detections[number], now_s, faces.look(number))
            if number in sure or is_face is not None:
                track.sure_s = now_s
            seen.append(track)

        # Who was just seen goes on.
        fresh = [track for track in self.tracks if track.seen_s >= fresh_s]
        costs = by_motion(fresh, faces, now_s) + FAINT * np.array([n not in sure for n in range(len(detections))])
        going = [(fresh[row], number) for row, number in match(costs)]
        faint = [number for _, number in going if number not in sure]
        found = {number for _, number in going}
        others = [number for number in range(len(detections)) if number not in found]
        real = self._second_looks([*faint, *others], detections, sure, is_face)
        for track, number in going:
            if number in sure or (number in real if is_face else now_s - track.sure_s <= WEAK_S):
                follow(track, number)
        # Who was hidden for a moment is found again.
        free = [number for number in others if number in real]
        hidden = [track for track in self.tracks if track not in seen]
        costs = by_motion(hidden, faces.some(free), now_s)
        for row, column in match(costs):
            if now_s - hidden[row].seen_s <= (self._lost_s if view is None else min(NEAR_S, self._lost_s)):
                follow(hidden[row], free[column])
        # All others have come.
        taken = [track.detection for track in seen]
        for number in [number for number in free if detections[number] not in taken][: MAX_TRACKS - len(self.tracks)]:
            if any(_is_same_face(detections[number], track.detection) for track in seen):
                continue  # two boxes around one face
            track = Track(self._next_id, detections[number], now_s, now_s, look=faces.look(number))
            self._next_id += 1
            self.tracks.append(track)
            seen.append(track)
        return Step(tuple(seen), ended)

    def _second_looks(
        self,
        numbers: Sequence[int],
        detections: Sequence[Detection],
        sure: set[int],
        is_face: Callable[[Detection], bool] | None,
    ) -> set[int]:
        """Those that are faces at a second look too, of the first few; without one the confident ones."""
        if is_face is None:
            return {number for number in numbers if number in sure}
        confident, weak = ([n for n in numbers if (n in sure) == which] for which in (True, False))
        if len(confident) > SECOND_LOOKS:
            # In turn: pictures on the wall that never pass must not keep who comes from being looked at.
            start = self._turn % len(confident)
            confident = confident[start:] + confident[:start]
            self._turn += SECOND_LOOKS
        few = confident[:SECOND_LOOKS] + weak[:SECOND_LOOKS]
        return {number for number in few if is_face(detections[number])}

    def finish(self) -> tuple[Track, ...]:
        """End all tracks: the recording or the agent stops."""
        self._join(self._now_s, self._view, decide_all=True)
        ended, self.tracks = tuple(self.tracks), []
        return ended

    def _fresh_since(self, now_s: float) -> float:
        """Tracks that were seen at this time or later simply go on."""
        if now_s < self._now_s:
            raise BadInput(f"time ran backwards: the tracker is at {self._now_s} s, the next frame at {now_s} s")
        fresh_s = max(self._before_s, now_s - FRESH_S)
        # A slow or hot machine looks seldom. Its frames follow each other as well, unlike those around a pause.
        if now_s - self._now_s <= min(STEADY * (self._now_s - self._before_s), NEAR_S):
            fresh_s = min(fresh_s, self._now_s)
        return fresh_s

    def _join(self, now_s: float, view: tuple[int, int] | None, decide_all: bool = False) -> None:
        pairs = stitch(self.tracks, now_s, view, self._bridge_s, decide_all)
        for old, new in pairs:
            old.go_on(new)
        later = [new for _, new in pairs]
        self.tracks = [track for track in self.tracks if track not in later]
        self.joined = tuple((old.id, new.id) for old, new in pairs)
        self._before_s, self._now_s, self._view = self._now_s, now_s, view

    def _is_over(self, track: Track, now_s: float, view: tuple[int, int] | None) -> bool:
        unseen_s = now_s - track.seen_s
        # Who has walked out of the view is not hidden: whoever comes in there is somebody else.
        if view is not None and unseen_s > LEFT_S and _has_left(track, view, now_s):
            return True
        # Whoever has turned up in time is decided upon a little later.
        return unseen_s > (self._lost_s if view is None else self._bridge_s + RIPE_S)


class _Faces:
    """The detections of a frame as arrays: centres (n, 2), sizes (n,), looks (n, 36), NaN where there is none."""

    def __init__(self, detections: Sequence[Detection], looks: Sequence[Look | None]) -> None:
        self.centres = np.array([detection.centre for detection in detections], np.float64).reshape(-1, 2)
        self.sizes = np.array([detection.size for detection in detections], np.float64)
        self.looks = _stacked(looks or [None] * len(detections))

    def some(self, numbers: list[int]) -> _Faces:
        """Some of them."""
        few = copy(self)
        few.centres, few.sizes, few.looks = self.centres[numbers], self.sizes[numbers], self.looks[numbers]
        return few

    def look(self, number: int) -> Look | None:
        """What one wears."""
        return None if np.isnan(self.looks[number, 0]) else self.looks[number]


def match(costs: Floats) -> list[tuple[int, int]]:
    """The assignment of faces to tracks with the least total cost, (tracks, faces), none of 1 or more."""
    if not costs.size:
        return []
    _, columns, _ = lap.lapjv(costs, extend_cost=True, cost_limit=1.0)
    return [(row, column) for row, column in enumerate(columns.tolist()) if column >= 0]


def by_motion(tracks: Sequence[Track], faces: _Faces, now_s: float) -> Floats:
    """What it costs to take each face for each track's, (tracks, faces): 0 where it is as expected, 1 at the edge of
    reach; 1 and more: impossible."""
    if not tracks or not faces.sizes.size:
        return np.zeros((len(tracks), faces.sizes.size))
    expected = np.array([track.expected(now_s) for track in tracks])
    away, growth = _apart(expected[:, :2], expected[:, 2], faces)
    unseen_s = np.array([now_s - track.seen_s for track in tracks])
    spread = np.array([track.spread(now_s) for track in tracks])
    reach = np.minimum(GATE * spread, REACH + REACH_PER_S * unseen_s)[:, None]
    # What is worn decides between two who are within reach; it excludes nobody, for arms and neighbours cover it.
    worn = _stacked([track.look for track in tracks])
    unlike = np.nan_to_num(np.minimum(differences(worn, faces.looks) / UNLIKE, 1.0), nan=NO_LOOK)
    cost = (away / reach + SIZE_COUNTS * (growth - 1)) * (1 - LOOK_COUNTS + LOOK_COUNTS * unlike)
    return np.where((growth > GROWTH) | (away >= reach), 2.0, cost)


def _apart(centres: Floats, sizes: Floats, faces: _Faces) -> tuple[Floats, Floats]:
    """Distances in face sizes, and how many times larger one is than the other: (tracks, faces) each."""
    larger = np.maximum(sizes[:, None], faces.sizes)
    aside, up = np.moveaxis(faces.centres - centres[:, None], -1, 0)
    away = np.hypot(aside, UPRIGHT * up) / larger
    return away, larger / np.minimum(sizes[:, None], faces.sizes)


def _stacked(looks: Sequence[Look | None]) -> npt.NDArray[np.float32]:
    unknown = np.full(LENGTH, np.nan, np.float32)
    return np.array([unknown if look is None else look for look in looks], np.float32).reshape(-1, LENGTH)


def _is_same_face(one: Detection, other: Detection) -> bool:
    """Whether two boxes of a frame lie so near to each other that they are about one face."""
    (x1, y1), (x2, y2) = one.centre, other.centre
    return float(np.hypot(x1 - x2, y1 - y2)) < DOUBLE * max(one.size, other.size)


def _has_left(track: Track, view: tuple[int, int], now_s: float) -> bool:
    """Whether somebody would be out of the view by now, at the speed of when last seen."""
    x, y, size = track.expected(min(now_s, track.seen_s + FORESEEN_S))
    beyond = OUTSIDE * size
    return not (-beyond <= x < view[0] + beyond and -beyond <= y < view[1] + beyond)
