"""Shares of the visits by age band and gender, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from edge.census.window import Cell

METHOD = "raw"
"""How :func:`shares` estimates, as events tell it: counts as the classifier gave them, its confusion uncorrected."""
INTERVAL = "wilson"
LEVEL = 0.95


@dataclass(frozen=True)
class Share:
    """Share of the visits in one cell, 0..1, between ``low`` and ``high`` at level LEVEL.

    The interval is about chance alone: as if the visits were a random sample and the classifier never erred.
    """

    band: str
    gender: str
    share: float
    low: float
    high: float


def shares(counts: Mapping[Cell, int], visits: int | None = None) -> list[Share]:
    """The share of each cell of ``counts``, in their order; empty without visits.

    ``visits`` is what they are shares of, the sum of ``counts`` if None. For what leaves the device give the counts and
    the total that are told: then a share can tell no more than they do.
    """
    total = sum(counts.values()) if visits is None else visits
    if total <= 0:
        return []
    return [Share(*cell, n / total, *_wilson(n, total)) for cell, n in counts.items()]


def _wilson(successes: int, trials: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)
