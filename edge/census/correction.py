"""Shares corrected for a classifier's errors, with intervals that hold chance and what is not known of the errors.

The classifier turns true cells into estimates with probabilities C = P(estimate | cell) that do not depend on how
common the cells are (prior, or label, shift). Estimates then have the frequencies ``shares @ C``, and EM finds the
shares from them, as in M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
Probabilities: A Simple Procedure", Neural Computation 14, 2002 (there on soft outputs; on counts it is the iterative
unfolding of W. Richardson, 1972). EM alone takes the counts and C for exact, and amplifies their errors.

So EM runs many times, each on frequencies and on a C that might be the true ones: draws of their Dirichlet posteriors,
given the visits and the calibration faces (the Bayesian bootstrap, D. Rubin, "The Bayesian Bootstrap", Annals of
Statistics 9, 1981). The mean of the runs is steadier than any of them, and their spread is the interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
RUNS = 300
STEPS = 30
"""Of EM. Runs begin at random shares: where the visits say little, they still differ when they end."""
UNSEEN = 0.5
"""Visits that are added for each cell, spread over the estimates, when frequencies are drawn."""
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Corrected:
    """Float64 (k,) each: shares, which sum to 1, within their intervals at LEVEL."""

    share: Floats
    low: Floats
    high: Floats


def correct(counts: Integers, faces: Floats, steps: int = STEPS) -> Corrected:
    """Shares of k cells from the ``counts`` (j,) of estimates, of which at least one is not 0.

    ``faces`` (k, j): parameters of the Dirichlet distributions of P(estimate | cell), as counts of calibration faces;
    every estimate is possible for some cell. ``share`` is the mean expected share of these visits that are truly in
    each cell, so that a classifier that never errs leaves the counts as they are; the interval is that of the
    population that the visits are a sample of. The same arguments give the same numbers.
    """
    counts, faces = np.asarray(counts, np.int64), np.asarray(faces, float)
    cells, estimates = faces.shape
    random = np.random.default_rng(counts)
    chance = _dirichlet(random, np.broadcast_to(faces, (RUNS, cells, estimates)))
    seen = _dirichlet(random, np.broadcast_to(counts + UNSEEN * cells / estimates, (RUNS, estimates)))
    shares = _dirichlet(random, np.ones((RUNS, cells)))
    for _ in range(steps):
        shares = _step(shares, seen, chance)
    share = _step(shares, np.broadcast_to(counts / counts.sum(), seen.shape), chance).mean(axis=0)
    low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Corrected(share, np.minimum(low, share), np.maximum(high, share))


def _step(shares: Floats, seen: Floats, chance: Floats) -> Floats:
    """One step of EM: the expected true cells of what was seen, if the shares were ``shares``."""
    expected = np.maximum(np.matmul(shares[:, None, :], chance)[:, 0], 1e-300)
    origins = shares * np.matmul(chance, (seen / expected)[:, :, None])[:, :, 0]
    return np.asarray(origins / origins.sum(axis=1, keepdims=True))


def _dirichlet(random: np.random.Generator, parameters: Floats) -> Floats:
    """Draws along the last axis; an outcome whose parameter is 0 has the probability 0."""
    # A tiny parameter may give 0 for every outcome of a row, which would have no shares at all.
    gammas = np.maximum(random.standard_gamma(parameters), np.where(parameters > 0, 1e-300, 0))
    return np.asarray(gammas / gammas.sum(axis=-1, keepdims=True))
