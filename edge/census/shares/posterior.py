"""From one estimate to probabilities of the true cells, calibrated on labelled faces.

An estimate is what a stored visit has: an apparent age with its 80 % interval, and P(female). It stands for a
distribution of ages, normal on either side of the age, and one of genders. Networks are too sure, or not sure enough.
Two numbers correct that: a factor of all widths, and a factor of the gender's logit. They are chosen so that the labels
of the calibration faces become as likely as possible (temperature scaling: C. Guo et al., "On Calibration of Modern
Neural Networks", 2017). There are no numbers for single cells, because the rare cells have too few faces for more than
noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from edge.census.age_bands import AgeBands
from edge.census.shares.calibration import Calibration, Float64Array, Int64Array
from edge.census.window import UNKNOWN, Cell
from edge.labels import GENDERS

MIN_SD_YEARS = 0.7
"""Lowest standard deviation of an estimated age, in years, before its width is corrected."""
MIN_PROBABILITY = 1e-5
"""Lowest probability of a segment of ages."""
WIDTH_RANGE, SLOPE_RANGE = (0.02, 3.0), (0.3, 20.0)
_GRID = np.linspace(-6, 6, 2401)
_CDF = np.array([NormalDist().cdf(deviations) for deviations in _GRID])
_Z90 = -NormalDist().inv_cdf(0.1)


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates of n faces or visits, float64 (n,) each: age and its 80 % interval in years, and P(female), which is
    NaN where no gender is given.
    """

    age: Float64Array
    low: Float64Array
    high: Float64Array
    female: Float64Array

    @classmethod
    def of_faces(cls, faces: Calibration, no_gender_below: int) -> Estimates:
        """The estimates that visits with these faces would have."""
        female = np.where(faces.age < no_gender_below, np.nan, faces.probability)
        return cls(faces.age, faces.low, faces.high, female)


@dataclass(frozen=True)
class Segments:
    """Ranges of ages between two borders, which are those of bands and the age from which genders are given.

    Attributes:
        lower: the lowest ages of the m segments, rising from 0.
        female: for each segment the index of a woman's cell; ``male``, of a man's. For children the two are the same.
        cells: number of cells.
    """

    lower: tuple[int, ...]
    female: tuple[int, ...]
    male: tuple[int, ...]
    cells: int

    @classmethod
    def of(cls, bands: AgeBands, no_gender_below: int, cells: tuple[Cell, ...]) -> Segments:
        """Segments for ``cells``, which come from :func:`edge.census.suppression.possible_cells`."""
        lower = tuple(sorted({*bands.lower, no_gender_below}))

        def place(low: int, gender: str) -> int:
            return cells.index((bands.label(low), UNKNOWN if low < no_gender_below else gender))

        female, male = (tuple(place(low, gender) for low in lower) for gender in GENDERS)
        return cls(lower, female, male, len(cells))

    def cell_of(self, age: npt.ArrayLike, female: npt.ArrayLike) -> Int64Array:
        """Index of the cell, (n,), for ages (n,) in years and genders (n,), 1 for female."""
        segment = self.segment_of(age)
        return np.where(np.asarray(female, bool), np.array(self.female)[segment], np.array(self.male)[segment])

    def segment_of(self, age: npt.ArrayLike) -> Int64Array:
        """Index of the segment, (n,), for ages (n,) in years. 12.9 counts as 12."""
        return np.searchsorted(self.lower, np.floor(np.maximum(age, 0)), side="right") - 1


@dataclass(frozen=True, eq=False)
class Posterior:
    """Turns estimates into calibrated probabilities of the true cells.

    Attributes:
        width: factor of the widths of all age distributions.
        slope: factor of the logits of P(female).
        women: float64 (m,), the share of women in each segment, for estimates without a gender.
    """

    segments: Segments
    width: float
    slope: float
    women: Float64Array

    @classmethod
    def fit(cls, segments: Segments, faces: Calibration, no_gender_below: int) -> Posterior:
        """Fit it by the maximum likelihood of the labels of ``faces``, of which there is at least one."""
        estimates = Estimates.of_faces(faces, no_gender_below)
        of_face = segments.segment_of(faces.true_age)
        rows = np.arange(len(faces))

        def age_unlikely(width: float) -> float:
            return -float(np.log(_ages(segments.lower, estimates, width)[rows, of_face]).sum())

        signs, grown = np.where(faces.true_female == 1, 1.0, -1.0), faces.true_age >= no_gender_below
        evidence = (signs * _logit(faces.probability))[grown]

        def gender_unlikely(slope: float) -> float:
            return float(np.logaddexp(0, -slope * evidence).sum())

        women = np.bincount(of_face, faces.true_female, len(segments.lower)) + 1
        all_faces = np.bincount(of_face, minlength=len(segments.lower)) + 2
        return cls(
            segments, _minimise(age_unlikely, WIDTH_RANGE), _minimise(gender_unlikely, SLOPE_RANGE), women / all_faces
        )

    def __call__(self, estimates: Estimates) -> Float64Array:
        """Probabilities of the true cells, float64 (n, k), if cells are as common as among the faces of :meth:`fit`."""
        ages = _ages(self.segments.lower, estimates, self.width)
        probability = 1 / (1 + np.exp(-self.slope * _logit(np.nan_to_num(estimates.female, nan=0.5))))
        female = np.where(np.isnan(estimates.female)[:, None], self.women, probability[:, None])
        cells = np.zeros((len(ages), self.segments.cells))
        for segment, (of_women, of_men) in enumerate(zip(self.segments.female, self.segments.male, strict=True)):
            cells[:, of_women] += ages[:, segment] * female[:, segment]
            cells[:, of_men] += ages[:, segment] * (1 - female[:, segment])
        return cells


def _ages(lower: tuple[int, ...], estimates: Estimates, width: float) -> Float64Array:
    """Probabilities, float64 (n, m), that the age is within each segment."""
    # As in the networks' distributions, a year of age reaches half a year to either side.
    away = np.array(lower[1:]) - 0.5 - estimates.age[:, None]
    left, right = (
        width * np.maximum(side, _Z90 * MIN_SD_YEARS)[:, None] / _Z90
        for side in (estimates.age - estimates.low, estimates.high - estimates.age)
    )
    # Halves of two normal distributions that meet at the age and are equally high there.
    below = left / (left + right)
    under = 2 * below * np.interp(np.minimum(away, 0) / left, _GRID, _CDF)
    over = (1 - below) * (2 * np.interp(np.maximum(away, 0) / right, _GRID, _CDF) - 1)
    ends = np.zeros((len(away), 1))
    parts = np.maximum(np.diff(np.concatenate([ends, under + over, ends + 1], axis=1)), MIN_PROBABILITY)
    return np.asarray(parts / parts.sum(axis=1, keepdims=True))


def _logit(probability: Float64Array) -> Float64Array:
    # Cards store thousandths.
    inside = np.clip(probability, 5e-4, 1 - 5e-4)
    return np.asarray(np.log(inside / (1 - inside)))


def _minimise(cost: Callable[[float], float], between: tuple[float, float]) -> float:
    """The number in an interval at which ``cost`` is smallest, by golden-section search on its logarithm."""
    golden = (math.sqrt(5) - 1) / 2
    low, high = map(math.log, between)
    while high - low > 0.01:
        one, other = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, other) if cost(math.exp(one)) < cost(math.exp(other)) else (one, high)
    return math.exp((low + high) / 2)
