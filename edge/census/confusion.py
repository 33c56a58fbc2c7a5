"""From calibration faces to what is known of P(estimate | truth), for the bands that are configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.census.bands import AgeBands
from edge.census.calibration import MAX_AGE, Calibration
from edge.census.disclosure import NOT_ESTIMATED, possible_cells
from edge.census.window import UNKNOWN, Cell
from edge.counting.visit import Visit

Floats = npt.NDArray[np.float64]
BIN_YEARS = 5
"""Where the ages of single visits are known, bands are divided at multiples of this."""
WEIGHT = 0.35
"""What a calibration face counts: the site's faces are others, drawn with as much chance as those were."""
AT_ITS_WORD = 0.01
"""Faces that each estimate is credited with in its own cell: one that no calibration face got is taken as it is."""
MIN_FACES = 8
"""Calibration faces that a cell needs."""
CERTAIN = 1e9

Bin = tuple[int, str]
"""Lowest age and gender of an estimate; -1 for a visit that was not estimated."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """Faces by true cell and estimate.

    Attributes:
        cells: the k true cells, as from :func:`edge.census.disclosure.possible_cells`; the last is NOT_ESTIMATED.
        bins: the j estimates that are told apart; each lies within one cell.
        faces: float64 (k, j), parameters of the Dirichlet distributions of P(bin | cell).
    """

    cells: tuple[Cell, ...]
    bins: tuple[Bin, ...]
    cell_of_bin: tuple[Cell, ...]
    faces: Floats

    def count(self, visits: Sequence[Visit]) -> npt.NDArray[np.int64]:
        """Visits by estimate, int64 (j,). A visit that fits no bin counts as not estimated."""
        position = {key: index for index, key in enumerate(self.bins)}
        starts = np.array(sorted({age for age, _ in self.bins if age >= 0}))
        counts = np.zeros(len(self.bins), np.int64)
        for visit in visits:
            key = (-1, UNKNOWN)
            if visit.age is not None:
                start = int(starts[np.searchsorted(starts, int(max(visit.age, 0)), side="right") - 1])
                key = next((k for k in ((start, visit.gender or UNKNOWN), (start, UNKNOWN)) if k in position), key)
            counts[position[key]] += 1
        return counts

    def merged(self, groups: Sequence[Sequence[Cell]]) -> Floats:
        """Float64 (k, g): the same with estimates told apart by group of cells only."""
        member = np.array([[cell in group for group in groups] for cell in self.cell_of_bin], float)
        return np.asarray(self.faces @ member)


def confusion(calibration: Calibration, bands: AgeBands, no_gender_below: int) -> Confusion | None:
    """What ``calibration`` tells of estimates in ``bands``; None if a cell has fewer than MIN_FACES faces.

    Ages within a band are weighted as in the calibration set.
    """
    cells = possible_cells(bands, no_gender_below)
    edges = sorted({*bands.lower, *range(0, bands.lower[-1] + BIN_YEARS * 4, BIN_YEARS), no_gender_below})
    edges = [edge for edge in edges if edge <= MAX_AGE]
    bins: list[Bin] = []
    for low in edges:
        bins += [(low, UNKNOWN)] if low < no_gender_below else [(low, "female"), (low, "male")]
    cell_of_bin = [(bands.label(low), gender) for low, gender in bins]
    row = {cell: index for index, cell in enumerate(cells)}
    column = {key: index for index, key in enumerate(bins)}
    seen = np.zeros((len(cells), len(bins) + 1))

    def gender_of(age: int, female: int) -> str:
        return UNKNOWN if age < no_gender_below else ("male", "female")[female]

    lowest = np.array(edges)[np.searchsorted(edges, calibration.age, side="right") - 1]
    for true_age, true_female, low, female in zip(
        calibration.true_age.tolist(), calibration.true_female.tolist(), lowest.tolist(), calibration.female.tolist(),
        strict=True,
    ):  # fmt: skip
        truth = (bands.label(true_age), gender_of(true_age, true_female))
        seen[row[truth], column[low, gender_of(low, female)]] += 1
    if seen[:-1].sum(axis=1).min() < MIN_FACES:
        return None
    faces = WEIGHT * seen
    for index, cell in enumerate(cell_of_bin):
        faces[row[cell], index] += AT_ITS_WORD
    faces[-1, -1] = CERTAIN
    return Confusion(cells, (*bins, (-1, UNKNOWN)), (*cell_of_bin, NOT_ESTIMATED), faces)
