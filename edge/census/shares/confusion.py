"""From calibration faces to what is known of P(estimate | truth), for the bands that are configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.census.age_bands import AgeBands
from edge.census.shares.calibration import Calibration, Float64Array, Int64Array
from edge.census.shares.posterior import Estimates, Posterior, Segments
from edge.census.suppression import NOT_ESTIMATED, possible_cells
from edge.census.window import Cell
from edge.counting.visit import Visit

FACE_WEIGHT = 0.3
"""What a calibration face counts: the site's faces are others, drawn with as much chance as those were."""
OWN_CELL_FACES = 0.01
"""Faces that each estimate is credited with in its own cell: one that no calibration face got is taken as it is."""
MIN_FACES = 8
"""Calibration faces that a cell needs."""
CERTAIN = 1e9


@dataclass(frozen=True, eq=False)
class DistinctVisits:
    """Visits, those that say the same put together.

    Attributes:
        counts: int64 (j,), visits of each kind.
        cell: int64 (j,), position of the cell that they count in.
        likelihood: float64 (j, k), of each true cell, up to a factor a kind.
    """

    counts: Int64Array
    cell: Int64Array
    likelihood: Float64Array


@dataclass(frozen=True, eq=False)
class Confusion:
    """Faces by true cell and estimated cell, and what single estimates tell beyond their cells.

    Attributes:
        cells: the k cells, as from :func:`edge.census.suppression.possible_cells`; the last is NOT_ESTIMATED.
        faces: float64 (k, k), parameters of the Dirichlet distributions of P(estimated cell | true cell).
        common: float64 (k - 1,), how common the true cells are among the calibration faces, by the classifier.
    """

    cells: tuple[Cell, ...]
    no_gender_below: int
    posterior: Posterior
    faces: Float64Array
    common: Float64Array

    def distinct_visits(self, visits: Sequence[Visit]) -> DistinctVisits:
        """What single visits tell, in steps too small to matter, so that many visits are few kinds."""
        nothing = (-1.0, 0.0, 0.0, 0.0)
        seen, counts = np.unique([_kind(visit) or nothing for visit in visits], axis=0, return_counts=True)
        left_out = len(self.cells) - 1
        cell = np.full(len(seen), left_out)
        likelihood = np.zeros((len(seen), len(self.cells)))
        known = seen[:, 0] >= 0
        likelihood[~known, left_out] = 1.0
        if known.any():
            age, left, right, female = seen[known].T
            # Not given to a child either whom the settings of the day took for one: -1 would be a very sure man.
            female_or_nan = np.where((age < self.no_gender_below) | (female < 0), np.nan, female)
            estimates = Estimates(age, age - left, age + right, female_or_nan)
            cell[known] = self.posterior.segments.cell_of(age, np.nan_to_num(female_or_nan) >= 0.5)
            likelihood[known, :left_out] = self.posterior(estimates) / self.common
        return DistinctVisits(counts.astype(np.int64), cell, likelihood)


def estimate_confusion(calibration: Calibration, bands: AgeBands, no_gender_below: int) -> Confusion | None:
    """What ``calibration`` tells of estimates in ``bands``; None if a cell has fewer than MIN_FACES faces.

    How often a face of one cell is taken for one of another is not counted by the labels, which in a rare cell are few,
    but added up from what the estimates of all faces say of their truth. Ages within a band are weighted as there.
    """
    cells = possible_cells(bands, no_gender_below)
    segments = Segments.of(bands, no_gender_below, cells[:-1])
    labelled = np.bincount(segments.cell_of(calibration.true_age, calibration.true_female), minlength=len(cells) - 1)
    if labelled.min() < MIN_FACES:
        return None
    posterior = Posterior.fit(segments, calibration, no_gender_below)
    estimates = Estimates.of_faces(calibration, no_gender_below)
    truth = posterior(estimates)
    estimated = segments.cell_of(estimates.age, np.nan_to_num(estimates.female) >= 0.5)
    joint = truth.T @ np.eye(len(cells) - 1)[estimated]
    faces = np.zeros((len(cells), len(cells)))
    faces[:-1, :-1] = FACE_WEIGHT * labelled[:, None] * joint / joint.sum(axis=1, keepdims=True)
    faces += OWN_CELL_FACES * np.eye(len(cells))
    faces[-1, cells.index(NOT_ESTIMATED)] = CERTAIN
    return Confusion(cells, no_gender_below, posterior, faces, truth.mean(axis=0))


def _kind(visit: Visit) -> tuple[float, float, float, float] | None:
    """Age, how far the model's own interval reaches to either side, P(female) or -1; None for one not estimated."""
    if visit.age is None:
        return None
    # As the model gave it. What poor shots added to its width is no word of the model; divided by how common the cells
    # are, it would pass for one in favour of the rare ones.
    low, high = visit.own_interval or visit.age_interval or (visit.age, visit.age)
    female = -1.0
    if visit.female_probability is not None:
        inside = min(max(visit.female_probability, 5e-4), 1 - 5e-4)
        logit = 2 * np.log(inside / (1 - inside))  # in half steps, of which none has both genders
        female = float(1 / (1 + np.exp(-(np.floor(logit) + 0.5) / 2)))
    age = np.floor(max(visit.age, 0) * 2) / 2 + 0.25
    left, right = (2.0 * round(max(side, 0) / 2) for side in (visit.age - low, high - visit.age))
    return float(age), left, right, female
