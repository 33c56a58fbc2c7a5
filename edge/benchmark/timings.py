"""Durations and their quantiles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Timings:
    """The seconds that each run of the same work took."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Time the block, and add its duration."""
        began = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - began)

    @property
    def median_ms(self) -> float:
        """Median in milliseconds; 0 if nothing was timed."""
        return self._quantile_ms(0.5)

    @property
    def p95_ms(self) -> float:
        """95th percentile in milliseconds; 0 if nothing was timed."""
        return self._quantile_ms(0.95)

    def _quantile_ms(self, share: float) -> float:
        return float(np.quantile(self.seconds, share) * 1000) if self.seconds else 0.0
