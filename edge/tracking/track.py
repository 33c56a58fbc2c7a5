"""A face followed over time: where it is, where it will be, how large, what is worn below it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import numpy.typing as npt

from edge.tracking.clothing import Look
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
WALKS_ON_S = 1.0
"""Time constant with which the speed of who is not seen fades."""
SMOOTHING = 0.5
"""Weight of the newest measurement in a track's size."""
LOOK_SMOOTHING = 0.15
"""Weight of the newest look in a track's."""
OPENING = 8
"""First sights that are kept of a track."""
RECENT = 9
"""Scores of the last detections whose median confirms a track."""


@dataclass(eq=False, repr=False)
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

    def __repr__(self) -> str:
        x, y = (round(value) for value in self.position.tolist())
        times = f"started_s={self.started_s:.3f}, seen_s={self.seen_s:.3f}"
        return f"Track(id={self.id}, position=({x}, {y}), {times}, hits={self.hits})"

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
