"""Correcting shares for a classifier's errors. The intervals cover chance and the uncertainty about the errors.

The classifier turns true cells into estimates with probabilities P(estimate | cell), which do not depend on how common
the cells are: this is label shift (or prior shift). EM finds the shares that make the estimates likely: M. Saerens, P.
Latinne, C. Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple Procedure",
Neural Computation 14, 2002. It needs honest probabilities (A. Alexandari, A. Kundaje, A. Shrikumar, "Maximum Likelihood
with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020). But it treats them as exact and
the visits as the whole population, and so it amplifies chance.

So EM runs many times, each time with visits, probabilities and a prior that could be the true ones: they are drawn from
Dirichlet posteriors, given the visits and the calibration faces (D. Rubin, "The Bayesian Bootstrap", Annals of
Statistics 9, 1981). The mean of the runs is steadier than any single one, and their spread gives the interval.
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
"""Steps of EM in each run. Runs start from different shares; where the visits say little, they still differ at the
end."""
PRIOR_AS_COUNTED = 5.0
"""Number of visits that the prior adds, distributed as they were counted: it keeps the shares of few visits near their
counts."""
PRIOR_PER_CELL = 0.4
"""Number of visits that the prior adds to each cell."""
INTERVAL_LEVEL = 0.95
RUNS_AT_ONCE = 10
"""Number of runs that are computed together. All at once would take a hundred megabytes for a month of visits."""
_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class CorrectedShares:
    """Corrected shares of k cells.

    Attributes:
        share: float64 (k,), sums to 1; ``low`` and ``high`` are the ends of the intervals at INTERVAL_LEVEL. expected:
        float64 (RUNS, k), each run's shares of these visits; ``drawn``, of the population that they come from.
    """

    share: Float64Array
    low: Float64Array
    high: Float64Array
    expected: Float64Array
    drawn: Float64Array

    @classmethod
    def of(cls, expected: Float64Array, drawn: Float64Array) -> CorrectedShares:
        """Shares and intervals from the mean and the spread of the runs."""
        expected = expected / expected.sum(axis=1, keepdims=True)
        share = expected.mean(axis=0)
        low, high = np.quantile(drawn, [(1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2], axis=0)
        return cls(share, np.minimum(low, share), np.maximum(high, share), expected, drawn)

    def merged(self, groups: Float64Array) -> CorrectedShares:
        """Shares of g groups of cells, among the visits in any group. ``groups`` (k, g) is 1 where a cell is in a
        group.
        """
        parts = (np.maximum(shares @ groups, _TINY) for shares in (self.expected, self.drawn))
        expected, drawn = (part / part.sum(axis=1, keepdims=True) for part in parts)
        return CorrectedShares.of(expected, drawn)


def correct_counts(
    counts: Int64Array, faces: Float64Array, groups: Float64Array, steps: int = EM_STEPS
) -> CorrectedShares:
    """Corrected shares of k cells, from numbers of visits in g groups of cells.

    ``share`` is the mean expected share of these visits that are truly in each cell, so that a classifier without
    errors leaves the counts as they are. The interval is that of the population of which the visits are a sample. The
    same arguments always give the same numbers.

    Args:
        counts: int64 (g,), not all 0.
        faces: float64 (k, g), parameters of the Dirichlet distributions of P(group | cell), as numbers of calibration
            faces; every group is possible for some cell.
        groups: float64 (k, g), 1 where a cell is part of a group, else 0.
        steps: of EM, in each run.
    """
    counts = np.asarray(counts, np.int64)
    random = np.random.default_rng(counts)
    chance = _dirichlet(random, np.broadcast_to(np.asarray(faces, float), (RUNS, *faces.shape)))
    likelihood = chance.transpose(0, 2, 1).astype(np.float32)
    return _run(random, counts, lambda runs: likelihood[runs], (groups / groups.sum(axis=0)) @ counts, steps)


def correct_visits(visits: DistinctVisits, faces: Float64Array, steps: int = EM_STEPS) -> CorrectedShares:
    """Corrected shares of k cells from single visits, of which there is at least one.

    The likelihoods of single estimates are taken as certain. How often one cell is taken for another is uncertain, as
    ``faces``, float64 (k, k), says: parameters of the Dirichlet distributions of P(estimated cell | true cell).
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
    """Run EM for j kinds of visits: ``counts`` (j,) by kind, and ``counted`` (k,) by cell.

    ``likelihood`` gives the likelihoods (n, j, k) for a slice of n runs.
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
    """One step of EM: the expected shares of true cells (n, k) in the visits seen (n, j), given ``shares`` (n, k)."""
    shares = np.maximum(shares, _TINY)
    expected = np.maximum(np.matmul(likelihood, shares.astype(np.float32)[:, :, None])[:, :, 0], _TINY)
    back = np.matmul((seen / expected).astype(np.float32)[:, None, :], likelihood)[:, 0]
    return np.asarray(shares * back, np.float64)


def _dirichlet(random: np.random.Generator, parameters: Float64Array | Int64Array) -> Float64Array:
    """Draw from Dirichlet distributions along the last axis. An outcome with parameter 0 has probability 0."""
    # With tiny parameters every outcome of a row could be drawn as 0, and there would be no shares.
    gammas = np.maximum(random.standard_gamma(parameters), np.where(np.asarray(parameters) > 0, 1e-20, 0))
    return np.asarray(gammas / gammas.sum(axis=-1, keepdims=True))
