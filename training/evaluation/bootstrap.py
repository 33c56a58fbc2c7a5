"""How much figures would change with other pictures of the same kind: percentile bootstrap over the pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Columns = dict[str, Array]
"""The contribution of each of n faces to the sums whose ratios are the figures: float64 (n,) or (n, k) each."""

RESAMPLES = 2000
SEED = 1
LEVEL = 0.95
DRAWS_AT_ONCE = 4_000_000


def intervals(
    columns: Columns, ratios: Callable[[Columns], Columns], resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, list[float] | None]:
    """The central 95 % of every figure over resamples of the faces: [low, high], or None if it is never defined.

    B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. ``ratios`` computes figures (b,)
    from sums (b,) or (b, k), NaN where undefined; such resamples are left out. The same seed gives the same digits on
    every machine if the sums of the columns are exact.
    """
    count = len(next(iter(columns.values())))
    rng = np.random.default_rng(seed)
    at_once = max(1, DRAWS_AT_ONCE // count)
    found = []
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = rng.integers(count, size=(rows, count)) + count * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(float)
        found.append(ratios({name: times @ column for name, column in columns.items()}))
    return {name: _central(np.concatenate([part[name] for part in found])) for name in found[0]}


def _central(values: Array) -> list[float] | None:
    defined = values[~np.isnan(values)]
    tail = 50 * (1 - LEVEL)
    return [float(end) for end in np.percentile(defined, [tail, 100 - tail])] if len(defined) else None
