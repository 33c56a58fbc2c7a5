"""From calibration faces to P(estimated cell | true cell), for the configured bands."""

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
"""How much a calibration face counts: less than 1, because the faces at the site are different ones."""
OWN_CELL_FACES = 0.01
"""Faces that are added where estimated and true cell are the same: an estimate that no calibration face got is taken as
it is."""
MIN_FACES = 8
"""Number of calibration faces that a cell needs."""
CERTAIN = 1e9


@dataclass(frozen=True, eq=False)
class DistinctVisits:
    """Visits, put together by kind: visits with the same estimate are of one kind.

    Attributes:
        counts: int64 (j,), number of visits of each kind.
        cell: int64 (j,), index of the cell in which they count.
        likelihood: float64 (j, k), likelihood of each true cell, up to a factor for each kind.
    """

    counts: Int64Array
    cell: Int64Array
    likelihood: Float64Array


@dataclass(frozen=True, eq=False)
class Confusion:
    """Faces by true cell and estimated cell, and what a single estimate says about the true cell.

    Attributes:
        cells: the k cells from :func:`edge.census.suppression.possible_cells`; the last is NOT_ESTIMATED.
        faces: float64 (k, k), parameters of the Dirichlet distributions of P(estimated cell | true cell).
        common: float64 (k - 1,), how common the true cells are among the calibration faces, by their estimates.
    """

    cells: tuple[Cell, ...]
    no_gender_below: int
    posterior: Posterior
    faces: Float64Array
    common: Float64Array

    def distinct_visits(self, visits: Sequence[Visit]) -> DistinctVisits:
        """Put visits together by kind. Estimates are rounded, in steps too small to matter, so that there are few
        kinds.
        """
        nothing = (-1.0, 0.0, 0.0, 0.0)
        seen, counts = np.unique([_kind(visit) or nothing for visit in visits], axis=0, return_counts=True)
        left_out = len(self.cells) - 1
        cell = np.full(len(seen), left_out)
        likelihood = np.zeros((len(seen), len(self.cells)))
        known = seen[:, 0] >= 0
        likelihood[~known, left_out] = 1.0
        if known.any():
            age, left, right, female = seen[known].T
            # No gender is used below the present age limit; and -1, which stands for none, must not count as a man.
            female_or_nan = np.where((age < self.no_gender_below) | (female < 0), np.nan, female)
            estimates = Estimates(age, age - left, age + right, female_or_nan)
            cell[known] = self.posterior.segments.cell_of(age, np.nan_to_num(female_or_nan) >= 0.5)
            likelihood[known, :left_out] = self.posterior(estimates) / self.common
        return DistinctVisits(counts.astype(np.int64), cell, likelihood)


def estimate_confusion(calibration: Calibration, bands: AgeBands, no_gender_below: int) -> Confusion | None:
    """Estimate the confusion in ``bands`` from calibration faces; None if a cell has fewer than MIN_FACES of them.

    How often a face of one cell is taken for one of another is not counted by the labels, because rare cells have few.
    It is the sum of the probabilities that the estimates of all faces give to each true cell. Ages within a band are
    weighted as they are among the calibration faces.
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
    """Age, the reach of the model's own interval to either side, and P(female) or -1, rounded; None without an
    estimate.
    """
    if visit.age is None:
        return None
    # The interval as the model gave it. Poor shots made the visit's interval wider, but that is not information from
    # the model: divided by how common the cells are, it would count in favour of the rare ones.
    low, high = visit.own_interval or visit.age_interval or (visit.age, visit.age)
    female = -1.0
    if visit.female_probability is not None:
        inside = min(max(visit.female_probability, 5e-4), 1 - 5e-4)
        logit = 2 * np.log(inside / (1 - inside))  # in half steps, so that no step contains both genders
        female = float(1 / (1 + np.exp(-(np.floor(logit) + 0.5) / 2)))
    age = np.floor(max(visit.age, 0) * 2) / 2 + 0.25
    left, right = (2.0 * round(max(side, 0) / 2) for side in (visit.age - low, high - visit.age))
    return float(age), left, right, female
