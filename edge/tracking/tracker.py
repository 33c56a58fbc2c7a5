"""From detections to tracks: predict, match, update, end. Read it from top to bottom.

As in Y. Zhang et al., "ByteTrack", ECCV 2022, weak detections carry tracks on. Unlike there they are matched together
with the confident ones, so that a face which is unclear for a moment is not given the detection of its neighbour.
Every detection that does not simply continue a track is verified by a second run of the detector; after that a weak
detection may start a track, too. A person who was hidden or turned away for longer begins a new track, which
:mod:`edge.tracking.stitching` joins to the old one a moment later.
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
from edge.tracking.clothing import LENGTH, ClothingColours, differences
from edge.tracking.stitching import DECIDE_AFTER_S, stitch
from edge.tracking.track import Float64Array, Track
from edge.vision.detection import Detection

# All lengths are in face sizes.
GATE = 3.0
"""A detection may be this many standard deviations away from the expected place of its track ..."""
REACH, REACH_PER_S = 1.2, 1.5
"""... but no further than the first, plus the second for each second without a detection."""
SIZE_WEIGHT, CLOTHING_WEIGHT = 1.2, 0.6
"""Weights of size and clothes where several tracks could be meant."""
UPRIGHT = 1.5
"""A step up or down counts this many times as much as a step aside, because faces keep their height."""
WEAK_COST = 0.3
"""Cost of taking a weak detection where there is a confident one."""
UNKNOWN_CLOTHING = 0.5
"""Difference of clothes, as a share of UNLIKE, where one is not known."""
SAME_FACE = 0.6
"""Boxes nearer to each other than this show the same face."""
GROWTH = 1.6
"""A face may change its size by this factor between two detections of a track."""
UNLIKE = 0.5
"""How much the clothes of two people differ, as a share of their brightness."""
LEFT_S, OUTSIDE, FORESEEN_S = 0.15, 0.25, 1.5
"""A person who was not seen for the first (seconds), and is expected the second (face sizes) outside the view, has
left. The third (seconds) is how far ahead people are expected to walk on."""
FRESH_S, NEAR_S = 0.3, 0.8
"""A track that was seen in one of the last two frames, and not longer ago than the first (seconds), is continued by any
confident detection; up to the second (seconds), by a verified one. All others are stitched."""
STEADY = 1.5
"""Frames that are at most this many times as far apart as the two before come steadily; then the last one may be
older."""
MAX_VERIFICATIONS = 3
"""How many confident detections of a frame are verified, and how many weak ones."""
WEAK_S = 0.6
"""Weak detections that are not verified continue a track for at most this long: the back of a head may look like a weak
face for ever."""
MAX_TRACKS = 200
"""Bound on memory: many more than the faces that fit into a view."""


@dataclass(frozen=True)
class Step:
    """What one frame changed: tracks that were seen in it, and tracks that ended with it."""

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
        self.stitched: tuple[tuple[int, int], ...] = ()
        """Identifiers of the tracks that the last step stitched: the earlier one, which goes on, and the later, which
        is gone."""
        self.tracks: list[Track] = []
        """All tracks that have not ended, also those that were not seen in the last frame."""

    def step(
        self,
        detections: Sequence[Detection],
        now_s: float,
        clothing: Sequence[ClothingColours | None] = (),
        view: tuple[int, int] | None = None,
        is_face: Callable[[Detection], bool] | None = None,
    ) -> Step:
        """Take the detections of the next frame, at ``now_s`` seconds from 0 on, which must not run backwards.

        ``clothing`` are the colours that the detected people wear, and ``view`` is the frame's width and height:
        without them nobody is found again after more than ``lost_s``, and nobody is known to have left. ``is_face``
        verifies a detection; see :mod:`edge.vision.face_verification`.

        Raises:
            BadInput: time runs backwards.
        """
        fresh_s = self._fresh_since(now_s)
        self._join(now_s, view)
        # First of all: after a pause of the camera nobody takes over the track of a person who stood there before.
        ended = tuple(track for track in self.tracks if self._is_over(track, now_s, view))
        self.tracks = [track for track in self.tracks if track not in ended]
        faces = _Faces(detections, clothing)
        sure = {n for n, detection in enumerate(detections) if detection.score >= self._min_score}
        seen: list[Track] = []

        def follow(track: Track, number: int) -> None:
            track.follow(detections[number], now_s, faces.clothing_of(number))
            if number in sure or is_face is not None:
                track.confident_s = now_s
            seen.append(track)

        # Tracks that were just seen continue.
        fresh = [track for track in self.tracks if track.seen_s >= fresh_s]
        costs = motion_costs(fresh, faces, now_s) + WEAK_COST * np.array(
            [n not in sure for n in range(len(detections))]
        )
        matches = [(fresh[row], number) for row, number in match(costs)]
        weak_matches = [number for _, number in matches if number not in sure]
        matched = {number for _, number in matches}
        others = [number for number in range(len(detections)) if number not in matched]
        verified = self._verified([*weak_matches, *others], detections, sure, is_face)
        for track, number in matches:
            if number in sure or (number in verified if is_face else now_s - track.confident_s <= WEAK_S):
                follow(track, number)
        # People who were hidden for a moment are found again.
        free = [number for number in others if number in verified]
        hidden = [track for track in self.tracks if track not in seen]
        costs = motion_costs(hidden, faces.some(free), now_s)
        for row, column in match(costs):
            if now_s - hidden[row].seen_s <= (self._lost_s if view is None else min(NEAR_S, self._lost_s)):
                follow(hidden[row], free[column])
        # All other detections are people who have just come.
        followed = [track.detection for track in seen]
        new = [number for number in free if detections[number] not in followed]
        for number in new[: MAX_TRACKS - len(self.tracks)]:
            if any(_is_same_face(detections[number], track.detection) for track in seen):
                continue  # two boxes around one face
            track = Track(self._next_id, detections[number], now_s, now_s, clothing=faces.clothing_of(number))
            self._next_id += 1
            self.tracks.append(track)
            seen.append(track)
        return Step(tuple(seen), ended)

    def _verified(
        self,
        numbers: Sequence[int],
        detections: Sequence[Detection],
        sure: set[int],
        is_face: Callable[[Detection], bool] | None,
    ) -> set[int]:
        """Of the first few, those that are verified as faces; without ``is_face``, the confident ones."""
        if is_face is None:
            return {number for number in numbers if number in sure}
        confident, weak = ([n for n in numbers if (n in sure) == which] for which in (True, False))
        if len(confident) > MAX_VERIFICATIONS:
            # In turn: pictures on the wall that never pass must not keep new people from being verified.
            start = self._turn % len(confident)
            confident = confident[start:] + confident[:start]
            self._turn += MAX_VERIFICATIONS
        few = confident[:MAX_VERIFICATIONS] + weak[:MAX_VERIFICATIONS]
        return {number for number in few if is_face(detections[number])}

    def finish(self) -> tuple[Track, ...]:
        """End all tracks: the recording or the agent stops."""
        self._join(self._now_s, self._view, decide_all=True)
        ended, self.tracks = tuple(self.tracks), []
        return ended

    def _fresh_since(self, now_s: float) -> float:
        """Tracks that were seen at this time or later simply continue."""
        if now_s < self._now_s:
            raise BadInput(f"time ran backwards: the tracker is at {self._now_s} s, the next frame at {now_s} s")
        fresh_s = max(self._before_s, now_s - FRESH_S)
        # A slow or hot machine processes few frames. They still follow each other, unlike the frames around a pause.
        if now_s - self._now_s <= min(STEADY * (self._now_s - self._before_s), NEAR_S):
            fresh_s = min(fresh_s, self._now_s)
        return fresh_s

    def _join(self, now_s: float, view: tuple[int, int] | None, decide_all: bool = False) -> None:
        pairs = stitch(self.tracks, now_s, view, self._bridge_s, decide_all)
        for old, new in pairs:
            old.continue_with(new)
        later = [new for _, new in pairs]
        self.tracks = [track for track in self.tracks if track not in later]
        self.stitched = tuple((old.id, new.id) for old, new in pairs)
        self._before_s, self._now_s, self._view = self._now_s, now_s, view

    def _is_over(self, track: Track, now_s: float, view: tuple[int, int] | None) -> bool:
        unseen_s = now_s - track.seen_s
        # A person who walked out of the view is not hidden: anyone who comes in there is somebody else.
        if view is not None and unseen_s > LEFT_S and _has_left(track, view, now_s):
            return True
        # A person who reappears in time is decided upon a little later.
        return unseen_s > (self._lost_s if view is None else self._bridge_s + DECIDE_AFTER_S)


class _Faces:
    """The detections of a frame as arrays: centres (n, 2), sizes (n,), clothing (n, 36), NaN where not visible."""

    def __init__(self, detections: Sequence[Detection], clothing: Sequence[ClothingColours | None]) -> None:
        self.centres = np.array([detection.centre for detection in detections], np.float64).reshape(-1, 2)
        self.sizes = np.array([detection.size for detection in detections], np.float64)
        self.clothing = _stack(clothing or [None] * len(detections))

    def some(self, numbers: list[int]) -> _Faces:
        """Those with the given numbers."""
        few = copy(self)
        few.centres, few.sizes, few.clothing = self.centres[numbers], self.sizes[numbers], self.clothing[numbers]
        return few

    def clothing_of(self, number: int) -> ClothingColours | None:
        """The colours that one person wears, None where they are not visible."""
        return None if np.isnan(self.clothing[number, 0]) else self.clothing[number]


def match(costs: Float64Array) -> list[tuple[int, int]]:
    """The assignment of faces to tracks with the least total cost. ``costs`` is (tracks, faces); no pair costs 1 or
    more.
    """
    if not costs.size:
        return []
    _, columns, _ = lap.lapjv(costs, extend_cost=True, cost_limit=1.0)
    return [(row, column) for row, column in enumerate(columns.tolist()) if column >= 0]


def motion_costs(tracks: Sequence[Track], faces: _Faces, now_s: float) -> Float64Array:
    """Cost of taking each face for that of each track, (tracks, faces): 0 where it is expected, 1 at the edge of reach,
    and 1 or more where it is impossible.
    """
    if not tracks or not faces.sizes.size:
        return np.zeros((len(tracks), faces.sizes.size))
    expected = np.array([track.expected(now_s) for track in tracks])
    away, growth = _distance_and_growth(expected[:, :2], expected[:, 2], faces)
    unseen_s = np.array([now_s - track.seen_s for track in tracks])
    spread = np.array([track.spread(now_s) for track in tracks])
    reach = np.minimum(GATE * spread, REACH + REACH_PER_S * unseen_s)[:, None]
    # Clothes decide between two people within reach; they exclude nobody, because arms and neighbours cover them.
    worn = _stack([track.clothing for track in tracks])
    unlike = np.nan_to_num(np.minimum(differences(worn, faces.clothing) / UNLIKE, 1.0), nan=UNKNOWN_CLOTHING)
    cost = (away / reach + SIZE_WEIGHT * (growth - 1)) * (1 - CLOTHING_WEIGHT + CLOTHING_WEIGHT * unlike)
    return np.where((growth > GROWTH) | (away >= reach), 2.0, cost)


def _distance_and_growth(
    centres: Float64Array, sizes: Float64Array, faces: _Faces
) -> tuple[Float64Array, Float64Array]:
    """Distances in face sizes, and how many times larger one is than the other: (tracks, faces) each."""
    larger = np.maximum(sizes[:, None], faces.sizes)
    aside, up = np.moveaxis(faces.centres - centres[:, None], -1, 0)
    away = np.hypot(aside, UPRIGHT * up) / larger
    return away, larger / np.minimum(sizes[:, None], faces.sizes)


def _stack(clothing: Sequence[ClothingColours | None]) -> npt.NDArray[np.float32]:
    unknown = np.full(LENGTH, np.nan, np.float32)
    return np.array([unknown if each is None else each for each in clothing], np.float32).reshape(-1, LENGTH)


def _is_same_face(one: Detection, other: Detection) -> bool:
    """Whether two boxes of a frame are so near to each other that they show the same face."""
    (x1, y1), (x2, y2) = one.centre, other.centre
    return float(np.hypot(x1 - x2, y1 - y2)) < SAME_FACE * max(one.size, other.size)


def _has_left(track: Track, view: tuple[int, int], now_s: float) -> bool:
    """Whether a person would be out of the view by now, at the last known speed."""
    x, y, size = track.expected(min(now_s, track.seen_s + FORESEEN_S))
    beyond = OUTSIDE * size
    return not (-beyond <= x < view[0] + beyond and -beyond <= y < view[1] + beyond)
