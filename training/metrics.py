"""Figures from predictions: everything the paper names, age error, calibration, and the same by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.census.bands import AgeBands
from training.samples import Sample

BANDS = AgeBands((0, 13, 18, 25, 35, 45, 55, 65))
ADULT = (20, 60)
FIGURES = (
    "age_mae", "age_bias", "age_cs5", "age_interval_coverage", "gender_accuracy", "gender_precision", "gender_recall",
    "gender_specificity", "gender_f1", "gender_ece", "confusion_matrix",
)  # fmt: skip
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """For n faces: apparent age (n,), its 80 % interval (n, 2) and P(female) (n,), all float."""

    age: Array
    interval: Array
    female: Array

    def take(self, rows: Array) -> Predictions:
        """The predictions of some rows."""
        return Predictions(self.age[rows], self.interval[rows], self.female[rows])


def report(samples: Sequence[Sample], predictions: Predictions) -> dict[str, Any]:
    """All figures, overall and by slice; a figure that cannot be computed (no such label) is None."""
    result = figures(samples, predictions)
    groups: dict[str, list[int]] = {}
    for row, sample in enumerate(samples):
        if sample.age_years is not None:
            groups.setdefault(f"age {BANDS.label(sample.age_years)}", []).append(row)
            if ADULT[0] <= sample.age_years <= ADULT[1]:
                groups.setdefault("adults 20-60", []).append(row)
        if sample.gender is not None:
            groups.setdefault("female" if sample.gender else "male", []).append(row)
        if sample.ethnicity is not None:
            groups.setdefault(f"ethnicity {sample.ethnicity}", []).append(row)
    result["slices"] = {
        name: figures([samples[row] for row in rows], predictions.take(np.array(rows)))
        for name, rows in sorted(groups.items())
    }
    result["age_confusion"] = _age_confusion(samples, predictions)
    return result


def figures(samples: Sequence[Sample], predictions: Predictions) -> dict[str, Any]:
    """The figures of one group of faces; None where no face has the label that a figure needs."""
    aged = np.array([row for row, sample in enumerate(samples) if sample.age is not None], int)
    known = np.array([row for row, sample in enumerate(samples) if sample.gender is not None], int)
    result: dict[str, Any] = dict.fromkeys(FIGURES) | {
        "n": len(samples), "age_n": len(aged), "gender_n": len(known)
    }  # fmt: skip
    if len(aged):
        labels = np.array([samples[row].age for row in aged], float)
        errors = age_errors(labels, predictions.age[aged])
        inside = (labels[:, 1] >= predictions.interval[aged, 0]) & (labels[:, 0] <= predictions.interval[aged, 1])
        result |= {
            "age_mae": float(np.abs(errors).mean()), "age_bias": float(errors.mean()),
            "age_cs5": float((np.abs(errors) <= 5).mean()), "age_interval_coverage": float(inside.mean()),
        }  # fmt: skip
    if len(known):
        result |= gender_figures(np.array([samples[row].gender for row in known]), predictions.female[known])
    return result


def age_errors(labels: Array, ages: Array) -> Array:
    """Signed error in years against label ranges (n, 2): 0 inside the range, else the distance to its nearer end."""
    return np.where(ages < labels[:, 0], ages - labels[:, 0], np.where(ages > labels[:, 1], ages - labels[:, 1], 0.0))


def gender_figures(labels: Array, female: Array) -> dict[str, Any]:
    """Female is the positive class. ``confusion_matrix`` has rows true male, true female; columns predicted so."""
    predicted = (female >= 0.5).astype(int)
    matrix = np.zeros((2, 2), int)
    np.add.at(matrix, (labels, predicted), 1)
    (tn, fp), (fn, tp) = matrix.tolist()
    return {
        "gender_accuracy": (tp + tn) / len(labels), "gender_precision": _ratio(tp, tp + fp),
        "gender_recall": _ratio(tp, tp + fn), "gender_specificity": _ratio(tn, tn + fp),
        "gender_f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "gender_ece": expected_calibration_error(labels, female), "confusion_matrix": matrix.tolist(),
    }  # fmt: skip


def expected_calibration_error(labels: Array, female: Array, bins: int = 10) -> float:
    """Mean gap between stated and observed P(female) over equal bins (Naeini et al., AAAI 2015)."""
    rows = np.minimum((female * bins).astype(int), bins - 1)
    gaps = [abs(labels[rows == b].mean() - female[rows == b].mean()) * (rows == b).sum() for b in np.unique(rows)]
    return float(sum(gaps) / len(labels))


def _age_confusion(samples: Sequence[Sample], predictions: Predictions) -> dict[str, Any]:
    matrix = np.zeros((len(BANDS.labels), len(BANDS.labels)), int)
    for sample, age in zip(samples, predictions.age, strict=True):
        if sample.age_years is not None:
            row, column = (BANDS.labels.index(BANDS.label(years)) for years in (sample.age_years, float(age)))
            matrix[row, column] += 1
    return {"bands": list(BANDS.labels), "matrix": matrix.tolist()}


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
