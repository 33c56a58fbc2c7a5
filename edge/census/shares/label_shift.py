"""Shares corrected for a classifier's errors, with intervals that hold chance and what is not known of the errors.

The classifier turns true cells into estimates with probabilities P(estimate | cell) that do not depend on how common
the cells are (prior, or label, shift). EM finds the shares that make the estimates likely: M. Saerens, P. Latinne,
C. Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple Procedure", Neural
Computation 14, 2002. It needs honest probabilities (A. Alexandari, A. Kundaje, A. Shrikumar, "Maximum Likelihood with
Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020), takes them for exact and the visits
for all there is, and so amplifies chance.

So EM runs many times, each on visits, probabilities and a prior that might be the true ones: draws of their Dirichlet
posteriors, given the visits and the calibration faces (the Bayesian bootstrap, D. Rubin, "The Bayesian Bootstrap",
Annals of Statistics 9, 1981). The mean of the runs is steadier than any of them, and their spread is the interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.census.shares.calibration import Float64Array, Int64Array
from edge.census.shares.confusion import DistinctVisits

Float32Array = npt.NDArray[np.float32]
RUNS = 200
EM_STEPS = 30
"""Of EM. Runs begin at different shares: where the visits say little, they still differ when they end."""
PRIOR_AS_COUNTED = 5.0
"""Visits that the prior adds, spread as they were counted: few visits are left nearly as they are."""
PRIOR_PER_CELL = 0.4
"""Visits that the prior adds to each cell."""
INTERVAL_LEVEL = 0.95
RUNS_AT_ONCE = 10
"""Runs that are worked out together. All at once they would take a hundred megabytes for a month of visits."""
_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class CorrectedShares:
    """Float64 (k,) each: shares, which sum to 1, within their intervals at INTERVAL_LEVEL.

    ``expected`` and ``drawn``, float64 (RUNS, k): the shares of all runs, of these visits and of their population.
    """

    share: Float64Array
    low: Float64Array
    high: Float64Array
    expected: Float64Array
    drawn: Float64Array

    @classmethod
    def of(cls, expected: Float64Array, drawn: Float64Array) -> CorrectedShares:
        """The mean and the spread of the runs."""
        expected = expected / expected.sum(axis=1, keepdims=True)
        share = expected.mean(axis=0)
        low, high = np.quantile(drawn, [(1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2], axis=0)
        return cls(share, np.minimum(low, share), np.maximum(high, share), expected, drawn)

    def merged(self, groups: Float64Array) -> CorrectedShares:
        """Shares of g groups of cells among those that are in one; ``groups`` (k, g) is 1 for the cells of each."""
        parts = (np.maximum(shares @ groups, _TINY) for shares in (self.expected, self.drawn))
        expected, drawn = (part / part.sum(axis=1, keepdims=True) for part in parts)
        return CorrectedShares.of(expected, drawn)


def correct_counts(
    counts: Int64Array, faces: Float64Array, groups: Float64Array, steps: int = EM_STEPS
) -> CorrectedShares:
    """Shares of k cells from ``counts`` (g,) of visits by group of cells, of which at least one is not 0.

    ``faces`` (k, g): parameters of the Dirichlet distributions of P(group | cell), as counts of calibration faces;
    every group is possible for some cell. ``groups`` (k, g): 1 where a cell is part of a group, else 0. ``share`` is
    the mean expected share of these visits that are truly in each cell, so that a classifier that never errs leaves the
    counts as they are; the interval is that of the population that the visits are a sample of. The same arguments give
    the same numbers.
    """
    counts = np.asarray(counts, np.int64)
    random = np.random.default_rng(counts)
    chance = _dirichlet(random, np.broadcast_to(np.asarray(faces, float), (RUNS, *faces.shape)))
    likelihood = chance.transpose(0, 2, 1).astype(np.float32)
    return _run(random, counts, lambda runs: likelihood[runs], (groups / groups.sum(axis=0)) @ counts, steps)


def correct_visits(visits: DistinctVisits, faces: Float64Array, steps: int = EM_STEPS) -> CorrectedShares:
    """The same from single visits, of which there is at least one; ``faces`` (k, k) of P(estimated | true cell).

    What their estimates tell beyond their cells is certain; how often one cell is taken for another is as in ``faces``.
    """
    random = np.random.default_rng(visits.counts)
    chance = _dirichlet(random, np.broadcast_to(np.asarray(faces, float), (RUNS, *faces.shape)))
    expected = faces / faces.sum(axis=1, keepdims=True)
    ratio = (chance / np.where(expected > 0, expected, 1.0)).transpose(0, 2, 1).astype(np.float32)
    likelihood = visits.likelihood.astype(np.float32)
    counted = np.bincount(visits.cell, visits.counts, len(faces)).astype(np.float64)
    return _run(random, visits.counts, lambda runs: likelihood * ratio[runs, visits.cell], counted, steps)


def _run(
    random: np.random.Generator,
    counts: Int64Array,
    likelihood: Callable[[slice], Float32Array],
    counted: Float64Array,
    steps: int,
) -> CorrectedShares:
    """From j kinds of visits: ``counts`` (j,), and visits ``counted`` by cell (k,).

    ``likelihood`` of some of the runs (n, j, k) is asked for when their turn comes.
    """
    total, cells = counts.sum(), len(counted)
    seen = total * _dirichlet(random, np.broadcast_to(counts, (RUNS, len(counts))))
    prior = random.standard_gamma(np.broadcast_to(PRIOR_PER_CELL + PRIOR_AS_COUNTED * counted / total, (RUNS, cells)))
    shares = _dirichlet(random, np.broadcast_to(0.5 + cells / 2 * counted / total, (RUNS, cells)))
    expected = np.empty_like(shares)
    for first in range(0, RUNS, RUNS_AT_ONCE):
        runs = slice(first, first + RUNS_AT_ONCE)
        chance, drawn, some = likelihood(runs), seen[runs] / total, shares[runs]
        for _ in range(steps):
            some = prior[runs] + total * _origins(some, drawn, chance)
            some /= some.sum(axis=1, keepdims=True)
        shares[runs] = some
        expected[runs] = _origins(some, np.broadcast_to(counts / total, drawn.shape), chance)
    return CorrectedShares.of(expected, shares)


def _origins(shares: Float64Array, seen: Float64Array, likelihood: Float32Array) -> Float64Array:
    """One step of EM: the expected true cells of what was seen (RUNS, j), if the shares (RUNS, k) were ``shares``."""
    shares = np.maximum(shares, _TINY)
    expected = np.maximum(np.matmul(likelihood, shares.astype(np.float32)[:, :, None])[:, :, 0], _TINY)
    back = np.matmul((seen / expected).astype(np.float32)[:, None, :], likelihood)[:, 0]
    return np.asarray(shares * back, np.float64)


def _dirichlet(random: np.random.Generator, parameters: Float64Array | Int64Array) -> Float64Array:
    """Draws along the last axis; an outcome whose parameter is 0 has the probability 0."""
    # A tiny parameter may give 0 for every outcome of a row, which would have no shares at all.
    gammas = np.maximum(random.standard_gamma(parameters), np.where(np.asarray(parameters) > 0, 1e-20, 0))
    return np.asarray(gammas / gammas.sum(axis=-1, keepdims=True))
