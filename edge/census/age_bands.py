"""Age bands."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class AgeBands:
    """Bands by their lowest ages, rising from 0; the last one is open."""

    lower: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """``("0-12", "13-17", …, "65+")``."""
        closed = [f"{low}-{high - 1}" for low, high in zip(self.lower, self.lower[1:], strict=False)]
        return (*closed, f"{self.lower[-1]}+")

    def label(self, age: float) -> str:
        """Band of an apparent age in years; 12.9 is still 12, as people tell their age."""
        return self.labels[bisect_right(self.lower, int(max(age, 0))) - 1]
