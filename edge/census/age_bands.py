"""Age bands: ranges of ages that are counted together."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class AgeBands:
    """Bands, given by their lowest ages, which rise from 0. The last band has no upper end."""

    lower: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """``("0-12", "13-17", …, "65+")``."""
        closed = [f"{low}-{high - 1}" for low, high in zip(self.lower, self.lower[1:], strict=False)]
        return (*closed, f"{self.lower[-1]}+")

    def label(self, age: float) -> str:
        """The label of the band of an apparent age in years. 12.9 counts as 12, as people give their age."""
        return self.labels[bisect_right(self.lower, int(max(age, 0))) - 1]
