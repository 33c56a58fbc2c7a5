"""A face followed over time: where it is, where it is expected, how large it is, and the clothes below it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import numpy.typing as npt

from edge.tracking.clothing import ClothingColours
from edge.vision.detection import Detection

Float64Array = npt.NDArray[np.float64]

# All lengths are in face sizes: a face half as large is twice as far away, and moves half as many pixels.
JITTER = 0.12
"""Standard deviation of the measured position of a face, including how a head turns and nods."""
ACCELERATION = 5.0
"""Standard deviation of people's acceleration, per second squared: they can stop within a step."""
FIRST_SPEED = 5.0
"""Standard deviation of the speed of a person who has just come into view, per second: about a metre."""
FASTEST = 9.0
"""Nobody walks faster than this (face sizes a second): one wrong detection must not throw a track off its path."""
WALKS_ON_S = 1.0
"""Time constant, in seconds, with which the expected speed of a person who is not detected fades."""
SMOOTHING = 0.5
"""Weight of the newest measurement in a track's size."""
CLOTHING_SMOOTHING = 0.15
"""Weight of the newest measurement in a track's clothing colours."""
FIRST_OBSERVATIONS = 8
"""How many of a track's first detections are remembered."""
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
    velocity: Float64Array = field(default_factory=lambda: np.zeros(2))
    """Pixels a second."""
    clothing: ClothingColours | None = None
    position: Float64Array = field(init=False)
    size: float = field(init=False)
    score: float = field(init=False)
    """Best median of its recent detections' scores, so that one lucky frame makes no face and a turned head unmakes
    none."""
    confident_s: float = field(init=False)
    """Time of the last confident detection."""
    scores: deque[float] = field(init=False)
    covariance: Float64Array = field(init=False)
    """Covariance of position and velocity in face sizes, (2, 2), the same for both axes."""
    settled: bool = False
    """Whether it has been decided if this track continues an earlier one."""
    first_observations: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Its first detections: seconds, centre and size."""

    def __post_init__(self) -> None:
        self.first_observations.append((self.seen_s, *self.detection.centre, self.detection.size))
        self.position, self.size = np.array(self.detection.centre), self.detection.size
        self.score, self.confident_s = self.detection.score, self.seen_s
        self.scores = deque([self.detection.score], RECENT)
        self.covariance = np.diag([JITTER**2, FIRST_SPEED**2])

    def __repr__(self) -> str:
        x, y = (round(value) for value in self.position.tolist())
        times = f"started_s={self.started_s:.3f}, seen_s={self.seen_s:.3f}"
        return f"Track(id={self.id}, position=({x}, {y}), {times}, hits={self.hits})"

    def expected(self, now_s: float) -> tuple[float, float, float]:
        """Expected centre and size, in pixels. The last speed fades with time: a person not seen for long may have
        stopped.
        """
        x, y = self.position + self.velocity * WALKS_ON_S * (1 - np.exp((self.seen_s - now_s) / WALKS_ON_S))
        return float(x), float(y), self.size

    def spread(self, now_s: float) -> float:
        """Standard deviation in face sizes of where a detection may be at ``now_s``."""
        return float(np.sqrt(self._predicted_covariance(now_s)[0, 0] + JITTER**2))

    def _predicted_covariance(self, now_s: float) -> Float64Array:
        # The prediction of a Kalman filter, with people's acceleration as white noise.
        t = now_s - self.seen_s
        (pp, pv), (_, vv) = self.covariance.tolist()
        noise = ACCELERATION**2
        new_pv = pv + t * vv + noise * t**3 / 2
        return np.array([[pp + 2 * t * pv + t * t * vv + noise * t**4 / 4, new_pv], [new_pv, vv + noise * t * t]])

    def follow(self, detection: Detection, now_s: float, clothing: ClothingColours | None = None) -> None:
        """Update the track with a detection that was matched to it (the update of a Kalman filter)."""
        covariance = self._predicted_covariance(now_s)
        predicted = np.array(self.expected(now_s)[:2])
        innovation = np.array(detection.centre) - predicted
        gain = covariance[:, 0] / (covariance[0, 0] + JITTER**2)
        self.position = predicted + gain[0] * innovation
        self.velocity = self.velocity + gain[1] * innovation
        self.velocity *= min(1.0, FASTEST * self.size / max(float(np.hypot(*self.velocity)), 1e-9))
        self.covariance = covariance - np.outer(gain, covariance[0])
        self.size = float(np.exp((1 - SMOOTHING) * np.log(self.size) + SMOOTHING * np.log(detection.size)))
        self.scores.append(detection.score)
        # The best median of only a few scores would be high by chance.
        self.score = max(self.score, median(self.scores)) if len(self.scores) == RECENT else median(self.scores)
        if clothing is not None:
            self.clothing = (
                clothing if self.clothing is None else self.clothing + CLOTHING_SMOOTHING * (clothing - self.clothing)
            )
        self.detection, self.seen_s, self.hits = detection, now_s, self.hits + 1
        if len(self.first_observations) < FIRST_OBSERVATIONS:
            self.first_observations.append((now_s, *detection.centre, detection.size))

    @property
    def first_place(self) -> Float64Array:
        """Position of its first detection, in pixels."""
        return np.array(self.first_observations[0][1:3])

    @property
    def first_size(self) -> float:
        """Median of its first sizes in pixels: at first a face may be half covered."""
        return median(size for _, _, _, size in self.first_observations)

    @property
    def first_velocity(self) -> Float64Array:
        """Pixels a second over its first detections; 0 if there are fewer than three."""
        if len(self.first_observations) < 3:
            return np.zeros(2)
        times, xs, ys, _ = np.array(self.first_observations).T
        times = times - times.mean()
        spread = float(times @ times)
        return np.array([times @ xs, times @ ys]) / spread if spread > 1e-9 else np.zeros(2)

    def continue_with(self, later: Track) -> None:
        """Continue with everything that a later track of the same face has."""
        self.position, self.velocity, self.covariance, self.size = (
            later.position,
            later.velocity,
            later.covariance,
            later.size,
        )
        self.detection, self.seen_s, self.confident_s = later.detection, later.seen_s, later.confident_s
        self.hits, self.score = self.hits + later.hits, max(self.score, later.score)
        self.scores.extend(later.scores)
        self.clothing = later.clothing if later.clothing is not None else self.clothing
