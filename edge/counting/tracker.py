"""From detections to tracks: predict, match in rounds, update, end. Read it from top to bottom.

The rounds are those of Y. Zhang et al., "ByteTrack", ECCV 2022: confident detections are matched first, then what is
left of the tracks may be carried on by weak ones. Beyond the paper, whatever does not simply go on stands a second
look, after which a weak detection may start a track, too. Who was hidden or turned away for seconds begins a new track,
which :mod:`edge.counting.stitching` joins to the old one a moment later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from statistics import median

import lap
import numpy as np
import numpy.typing as npt

from edge.config.counting import Counting
from edge.counting.appearance import LENGTH, Look, differences
from edge.counting.stitching import stitch
from edge.vision.detection import Detection

Floats = npt.NDArray[np.float64]

# All lengths are in face sizes: a face half as large is twice as far away, and moves half as many pixels.
JITTER = 0.12
"""Standard deviation of where a face is found, and of how it moves on its head."""
ACCELERATION = 5.0
"""Standard deviation of how people change their speed, per second squared: they stop within a step."""
FIRST_SPEED = 5.0
"""Standard deviation of the speed of who has just come into view, per second: about a metre."""
FASTEST = 9.0
"""Face sizes a second beyond which nobody walks: a detection that belongs to nobody must not throw a track away."""
GATE = 3.0
"""A detection may lie so many standard deviations from where its track is expected ..."""
REACH, REACH_PER_S = 1.2, 1.5
"""... but no further than this, and so much more for each second without a detection."""
WALKS_ON_S = 1.0
"""Time constant with which the speed of who is not seen fades."""
SIZE_COUNTS, LOOK_COUNTS = 0.6, 0.6
"""How much size and clothes weigh where several could be meant."""
UPRIGHT = 1.5
"""A step up or down counts so many times as much as one aside: faces keep their height."""
NO_LOOK = 0.5
"""Difference of looks, as a share of UNLIKE, where one is not known."""
DOUBLE = 0.6
"""Boxes nearer to each other than this are about one face."""
GROWTH = 1.6
"""A face may change its size by this factor between two detections of a track."""
SMOOTHING = 0.5
"""Weight of the newest measurement in a track's size."""
UNLIKE = 0.5
"""By how much looks of two people differ, as a share of their brightness."""
LOOK_SMOOTHING = 0.15
"""Weight of the newest look in a track's."""
LEFT_S, OUTSIDE, FORESEEN_S = 0.15, 0.25, 1.5
"""Who was not seen for the first (seconds), and is expected so many face sizes outside the view, has left. So far ahead
(seconds) somebody is expected to walk on."""
OPENING = 8
"""First sights that are kept of a track."""
RECENT = 9
"""Scores of the last detections whose median confirms a track."""
FRESH_S = 0.3
"""Who was seen so short a time ago is followed by any confident detection; all others must stand a second look."""
SECOND_LOOKS = 3
"""Confident detections of a frame, and weak ones, that get one."""
WEAK_S = 0.6
"""Weak detections carry a track on for so long after a confident one: a nape may be a weak face for ever."""
MAX_TRACKS = 200
"""Bound on memory: far more than faces fit into a view."""


@dataclass(eq=False)
class Track:
    """A face followed over time. Times are seconds on the frames' time line, positions pixels of the frame."""

    id: int
    detection: Detection
    started_s: float
    seen_s: float
    hits: int = 1
    velocity: Floats = field(default_factory=lambda: np.zeros(2))
    """Pixels a second."""
    look: Look | None = None
    position: Floats = field(init=False)
    size: float = field(init=False)
    score: float = field(init=False)
    """Best median of its recent detections' scores: one bright moment makes no face, a turned head unmakes none."""
    sure_s: float = field(init=False)
    """When a confident detection was last taken in."""
    scores: deque[float] = field(init=False)
    doubt: Floats = field(init=False)
    """Covariance of position and velocity in face sizes, (2, 2), the same for both axes."""
    settled: bool = False
    """Whether it is decided that it goes on no earlier track."""
    opening: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Its first sights: seconds, centre and size."""

    def __post_init__(self) -> None:
        self.opening.append((self.seen_s, *self.detection.centre, self.detection.size))
        self.position, self.size = np.array(self.detection.centre), self.detection.size
        self.score, self.sure_s = self.detection.score, self.seen_s
        self.scores = deque([self.detection.score], RECENT)
        self.doubt = np.diag([JITTER**2, FIRST_SPEED**2])

    def expected(self, now_s: float) -> tuple[float, float, float]:
        """Centre and size to expect: at the last speed, which fades, because who is long unseen may have stopped."""
        x, y = self.position + self.velocity * WALKS_ON_S * (1 - np.exp((self.seen_s - now_s) / WALKS_ON_S))
        return float(x), float(y), self.size

    def spread(self, now_s: float) -> float:
        """Standard deviation in face sizes of where a detection may be at ``now_s``."""
        return float(np.sqrt(self._predicted_doubt(now_s)[0, 0] + JITTER**2))

    def _predicted_doubt(self, now_s: float) -> Floats:
        # A Kalman filter's, with people's acceleration as white noise.
        t = now_s - self.seen_s
        (pp, pv), (_, vv) = self.doubt.tolist()
        noise = ACCELERATION**2
        new_pv = pv + t * vv + noise * t**3 / 2
        return np.array([[pp + 2 * t * pv + t * t * vv + noise * t**4 / 4, new_pv], [new_pv, vv + noise * t * t]])

    def follow(self, detection: Detection, now_s: float, look: Look | None = None) -> None:
        """Take a matched detection in."""
        doubt = self._predicted_doubt(now_s)
        predicted = np.array(self.expected(now_s)[:2])
        surprise = np.array(detection.centre) - predicted
        gain = doubt[:, 0] / (doubt[0, 0] + JITTER**2)
        self.position = predicted + gain[0] * surprise
        self.velocity = self.velocity + gain[1] * surprise
        self.velocity *= min(1.0, FASTEST * self.size / max(float(np.hypot(*self.velocity)), 1e-9))
        self.doubt = doubt - np.outer(gain, doubt[0])
        self.size = float(np.exp((1 - SMOOTHING) * np.log(self.size) + SMOOTHING * np.log(detection.size)))
        self.scores.append(detection.score)
        # Of a few scores the best median would be that of chance.
        self.score = max(self.score, median(self.scores)) if len(self.scores) == RECENT else median(self.scores)
        if look is not None:
            self.look = look if self.look is None else self.look + LOOK_SMOOTHING * (look - self.look)
        self.detection, self.seen_s, self.hits = detection, now_s, self.hits + 1
        if len(self.opening) < OPENING:
            self.opening.append((now_s, *detection.centre, detection.size))

    @property
    def first_place(self) -> Floats:
        """Where it was seen first."""
        return np.array(self.opening[0][1:3])

    @property
    def first_size(self) -> float:
        """The middle one of its first sizes: at first sight a face may be half covered."""
        return median(size for _, _, _, size in self.opening)

    @property
    def first_velocity(self) -> Floats:
        """Pixels a second over its first sights; 0 if there are fewer than three."""
        if len(self.opening) < 3:
            return np.zeros(2)
        times, xs, ys, _ = np.array(self.opening).T
        times = times - times.mean()
        spread = float(times @ times)
        return np.array([times @ xs, times @ ys]) / spread if spread > 1e-9 else np.zeros(2)

    def go_on(self, later: Track) -> None:
        """Take over all of a later track of the same face."""
        self.position, self.velocity, self.doubt, self.size = later.position, later.velocity, later.doubt, later.size
        self.detection, self.seen_s, self.sure_s = later.detection, later.seen_s, later.sure_s
        self.hits, self.score = self.hits + later.hits, max(self.score, later.score)
        self.scores.extend(later.scores)
        self.look = later.look if later.look is not None else self.look


@dataclass(frozen=True)
class Step:
    """What one frame did: tracks that were seen in it, tracks that ended with it."""

    seen: tuple[Track, ...]
    ended: tuple[Track, ...]


class Tracker:
    """Follows faces from frame to frame."""

    def __init__(self, settings: Counting, min_score: float) -> None:
        self._lost_s = settings.lost_s
        self._bridge_s = max(settings.bridge_s, settings.lost_s)
        self._min_score = min_score
        self._next_id = 1
        self._now_s = 0.0
        self._view: tuple[int, int] | None = None
        self.joined: tuple[tuple[int, int], ...] = ()
        """Of the last step: earlier tracks that turned out to go on as later ones, which are no more."""
        self.tracks: list[Track] = []

    def step(
        self,
        detections: Sequence[Detection],
        now_s: float,
        looks: Sequence[Look | None] = (),
        view: tuple[int, int] | None = None,
        is_face: Callable[[Detection], bool] | None = None,
    ) -> Step:
        """Take the detections of the next frame, at ``now_s`` seconds, which must not run backwards.

        ``looks`` are what the detected people wear, ``view`` is the frame's width and height: without them nobody is
        recognised after more than ``lost_s``, and nobody is known to have left.
        """
        self._join(now_s, view)
        # Before all else: after a pause of the camera nobody takes over the track of who stood there before.
        ended = tuple(track for track in self.tracks if self._is_over(track, now_s, view))
        self.tracks = [track for track in self.tracks if track not in ended]
        faces = _Faces(detections, looks)
        strong = [n for n, detection in enumerate(detections) if detection.score >= self._min_score]
        weak = [n for n, detection in enumerate(detections) if detection.score < self._min_score]
        seen: list[Track] = []

        def confirmed(candidates: list[int]) -> list[int]:
            """Those that are faces at a second look too; the first few of them."""
            return candidates if is_face is None else [n for n in candidates[:SECOND_LOOKS] if is_face(detections[n])]

        def take(candidates: list[int], tracks: list[Track], cost: Cost) -> list[int]:
            """Match, follow, and give back the detections that found no track."""
            waiting = [track for track in tracks if track not in seen]
            pairs = match(waiting, faces.some(candidates), cost, now_s)
            for row, column in pairs:
                number = candidates[column]
                waiting[row].follow(detections[number], now_s, faces.look(number))
                if detections[number].score >= self._min_score or is_face is not None:
                    waiting[row].sure_s = now_s
                seen.append(waiting[row])
            taken = {candidates[column] for _, column in pairs}
            return [number for number in candidates if number not in taken]

        fresh = [track for track in self.tracks if now_s - track.seen_s <= FRESH_S]
        near = [track for track in self.tracks if now_s - track.seen_s <= self._lost_s]
        unmatched = confirmed(take(strong, fresh, by_motion))
        unmatched = take(unmatched, near, by_motion)
        followed = [track for track in near if now_s - track.sure_s <= WEAK_S]
        if is_face is None:
            take(weak, followed, by_motion)
        else:
            unmatched += take(confirmed(weak), near, by_motion)
        for number in unmatched[: MAX_TRACKS - len(self.tracks)]:
            if any(_is_same_face(detections[number], track.detection) for track in seen):
                continue  # two boxes around one face
            track = Track(self._next_id, detections[number], now_s, now_s, look=faces.look(number))
            self._next_id += 1
            self.tracks.append(track)
            seen.append(track)
        return Step(tuple(seen), ended)

    def finish(self) -> tuple[Track, ...]:
        """End all tracks: the recording or the agent stops."""
        self._join(self._now_s, self._view, decide_all=True)
        ended, self.tracks = tuple(self.tracks), []
        return ended

    def _join(self, now_s: float, view: tuple[int, int] | None, decide_all: bool = False) -> None:
        pairs = stitch(self.tracks, now_s, view, decide_all)
        for old, new in pairs:
            old.go_on(new)
        later = [new for _, new in pairs]
        self.tracks = [track for track in self.tracks if track not in later]
        self.joined = tuple((old.id, new.id) for old, new in pairs)
        self._now_s, self._view = now_s, view

    def _is_over(self, track: Track, now_s: float, view: tuple[int, int] | None) -> bool:
        unseen_s = now_s - track.seen_s
        # Who has walked out of the view is not hidden: whoever comes in there is somebody else.
        if view is not None and unseen_s > LEFT_S and _has_left(track, view, now_s):
            return True
        return unseen_s > (self._lost_s if view is None else self._bridge_s)


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


Cost = Callable[[Sequence[Track], _Faces, float], Floats]
"""What it costs to take each face for each track's at a time, (tracks, faces); 1 and more: impossible."""


def match(tracks: Sequence[Track], faces: _Faces, cost: Cost, now_s: float) -> list[tuple[int, int]]:
    """The assignment of faces to tracks with the least total cost, none of 1 or more."""
    if not tracks or not faces.sizes.size:
        return []
    _, columns, _ = lap.lapjv(cost(tracks, faces, now_s), extend_cost=True, cost_limit=1.0)
    return [(row, column) for row, column in enumerate(columns.tolist()) if column >= 0]


def by_motion(tracks: Sequence[Track], faces: _Faces, now_s: float) -> Floats:
    """0 where the face is as expected, 1 at the edge of reach, more beyond."""
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
