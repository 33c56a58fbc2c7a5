"""How much worse INT8 may be than float on the same faces, and how well the two agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edge.errors import MaitredError
from training.evaluation.metrics import Predictions

ONE_FACE = 1
SLICES = ("age ", "ethnicity ")


@dataclass(frozen=True)
class Tolerance:
    """How much worse INT8 may be: in age MAE (years) and in gender accuracy (share of faces).

    If that share is less than one face, one face may be lost, because no less can be lost.
    """

    age_mae: float
    gender_accuracy: float

    def excess(self, before: dict[str, Any], after: dict[str, Any]) -> str | None:
        """Which figure got worse by more than this tolerance, as text, or None."""
        for name, decimals in (("age_mae", 2), ("gender_accuracy", 4)):
            if before.get(name) is None or after.get(name) is None:
                continue
            lost = (after[name] - before[name]) * (1 if name == "age_mae" else -1)
            allowed = self.age_mae if name == "age_mae" else max(self.gender_accuracy, ONE_FACE / max(1, before["n"]))
            if lost > allowed + 1e-9:
                return f"{name} {before[name]:.{decimals}f} -> {after[name]:.{decimals}f}"
        return None


OVERALL = Tolerance(age_mae=0.05, gender_accuracy=0.002)
SLICE = Tolerance(age_mae=0.3, gender_accuracy=0.01)


class ToleranceExceeded(MaitredError):
    """INT8 is worse than the tolerances allow."""


def check_tolerances(before: dict[str, Any], after: dict[str, Any], split: str) -> None:
    """Check the loss by INT8 on all faces, in each age band and for each ethnicity label.

    Raises:
        ToleranceExceeded: a loss is too large; the message names each one.
    """
    faults = [f"{where}: {excess}" for where, excess in _excesses(before, after) if excess]
    if faults:
        raise ToleranceExceeded(f"INT8 loses too much on the {split} split: {'; '.join(faults)}; no bundle written")


def _excesses(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield "all", OVERALL.excess(before, after)
    for name, figures in before["slices"].items():
        if name.startswith(SLICES):
            yield name, SLICE.excess(figures, after["slices"][name])


def agreement(before: Predictions, after: Predictions) -> dict[str, float]:
    """Over the same faces: median and 95th percentile of the difference in age (years), share of equal genders."""
    years = np.abs(before.age - after.age)
    return {
        "age_years_median": float(np.median(years)), "age_years_p95": float(np.quantile(years, 0.95)),
        "gender": float(np.mean((before.female > 0.5) == (after.female > 0.5))),
    }  # fmt: skip


def tolerances() -> dict[str, dict[str, float]]:
    """The tolerances, for the card."""
    return {"overall": asdict(OVERALL), "slice": asdict(SLICE)}
