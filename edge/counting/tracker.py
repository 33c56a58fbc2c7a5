"""From detections to tracks: predict, match in two rounds, update, end. Read it from top to bottom.

The two rounds are those of Y. Zhang et al., "ByteTrack", ECCV 2022: confident detections are matched first, then what
is left of the tracks may be carried on by weak ones, but a weak detection starts no track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import lap
import numpy as np
import numpy.typing as npt

from edge.config.counting import Counting
from edge.vision.detection import Detection

REACH = 1.5
"""A detection may lie this many face sizes from where its track is expected."""
GROWTH = 2.0
"""A face may change its size by this factor between two detections of a track."""
SMOOTHING = 0.5
"""Weight of the newest measurement in a track's velocity."""
UNCERTAINTY_PER_S = 1.0
"""Face sizes by which the reach grows for each second without a detection."""
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
    velocity: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    """Pixels a second."""

    def expected(self, now_s: float) -> tuple[float, float, float]:
        """Centre and size that a constant velocity predicts."""
        x, y = np.array(self.detection.centre) + self.velocity * (now_s - self.seen_s)
        return float(x), float(y), self.detection.size

    def follow(self, detection: Detection, now_s: float) -> None:
        """Take a matched detection in."""
        elapsed = now_s - self.seen_s
        if elapsed > 0:
            measured = (np.array(detection.centre) - np.array(self.detection.centre)) / elapsed
            weight = 1.0 if self.hits == 1 else SMOOTHING
            self.velocity = weight * measured + (1 - weight) * self.velocity
        self.detection, self.seen_s, self.hits = detection, now_s, self.hits + 1


@dataclass(frozen=True)
class Step:
    """What one frame did: tracks that were seen in it, tracks that ended with it."""

    seen: tuple[Track, ...]
    ended: tuple[Track, ...]


class Tracker:
    """Follows faces from frame to frame."""

    def __init__(self, settings: Counting, min_score: float) -> None:
        self._lost_s = settings.lost_s
        self._min_score = min_score
        self._next_id = 1
        self.tracks: list[Track] = []

    def step(self, detections: Sequence[Detection], now_s: float) -> Step:
        """Take the detections of the next frame, at ``now_s`` seconds, which must not run backwards."""
        # First of all: after a pause of the camera nobody takes over the track of who stood there before.
        ended = tuple(track for track in self.tracks if now_s - track.seen_s > self._lost_s)
        self.tracks = [track for track in self.tracks if track not in ended]
        strong = [detection for detection in detections if detection.score >= self._min_score]
        weak = [detection for detection in detections if detection.score < self._min_score]
        seen: list[Track] = []
        waiting = self.tracks
        for candidates in (strong, weak):
            pairs = match(waiting, candidates, now_s)
            for track, detection in pairs:
                track.follow(detection, now_s)
                seen.append(track)
            taken = {id(detection) for _, detection in pairs}
            waiting = [track for track in waiting if track not in seen]
            if candidates is strong:
                born = [detection for detection in strong if id(detection) not in taken]
        for detection in born[: MAX_TRACKS - len(self.tracks)]:
            track = Track(self._next_id, detection, now_s, now_s)
            self._next_id += 1
            self.tracks.append(track)
            seen.append(track)
        return Step(tuple(seen), ended)

    def finish(self) -> tuple[Track, ...]:
        """End all tracks: the recording or the agent stops."""
        ended, self.tracks = tuple(self.tracks), []
        return ended


def match(tracks: Sequence[Track], detections: Sequence[Detection], now_s: float) -> list[tuple[Track, Detection]]:
    """The assignment of detections to tracks with the least total distance, in face sizes, within reach."""
    if not tracks or not detections:
        return []
    cost = np.array([[_distance(track, detection, now_s) for detection in detections] for track in tracks])
    _, columns, _ = lap.lapjv(cost, extend_cost=True, cost_limit=1.0)
    return [(tracks[row], detections[column]) for row, column in enumerate(columns) if column >= 0]


def _distance(track: Track, detection: Detection, now_s: float) -> float:
    """0 where the detection is as expected, 1 at the edge of reach, more beyond."""
    x, y, size = track.expected(now_s)
    growth = max(size, detection.size) / min(size, detection.size)
    if growth > GROWTH:
        return 2.0
    reach = (REACH + UNCERTAINTY_PER_S * (now_s - track.seen_s)) * max(size, detection.size)
    away = float(np.hypot(detection.centre[0] - x, detection.centre[1] - y))
    return min(away / reach + 0.25 * (growth - 1), 2.0)
