"""Figures from predictions: those that the paper names, age errors, calibration, and all of them by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.census.age_bands import AgeBands
from edge.labels import GENDER_OF_LABEL
from training.data.dataset import Sample
from training.evaluation.bootstrap import Columns, intervals
from training.evaluation.curves import band_figures, bin_of, cumulative_score, reliability, roc

BANDS = AgeBands((0, 13, 18, 25, 35, 45, 55, 65))
ADULT = (20, 60)
ADULTS = f"adults {ADULT[0]}-{ADULT[1]}"
BINS = 10
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for n faces: apparent age (n,) in years, its 80 % interval (n, 2), P(female) (n,); all float."""

    age: Array
    interval: Array
    female: Array

    def take(self, rows: Array) -> Predictions:
        """The predictions of some rows."""
        return Predictions(self.age[rows], self.interval[rows], self.female[rows])


def evaluation_report(samples: Sequence[Sample], predictions: Predictions, resamples: int = 0) -> dict[str, Any]:
    """All figures, overall and by slice, and the tables behind the plots; None if no face has the label needed.

    With ``resamples``, each figure gets its 95 % interval under ``intervals``.
    """
    result = figures(samples, predictions, resamples)
    result["slices"] = {
        name: figures([samples[row] for row in rows], predictions.take(np.array(rows)), resamples)
        for name, rows in sorted(_groups(samples).items())
    }
    adults = result["slices"].get(ADULTS, {})
    result["adults_gender_accuracy"] = adults.get("gender_accuracy")
    if resamples:
        result["intervals"]["adults_gender_accuracy"] = adults.get("intervals", {}).get("gender_accuracy")
    matrix = _age_confusion(samples, predictions)
    result["age_confusion"] = {"bands": list(BANDS.labels), "matrix": matrix.tolist()}
    result["age_bands"] = band_figures(BANDS.labels, matrix)
    aged = np.array([row for row, sample in enumerate(samples) if sample.age is not None], int)
    known = np.array([row for row, sample in enumerate(samples) if sample.gender is not None], int)
    labels = np.array([samples[row].gender for row in known], int)
    errors = age_errors(_ranges(samples)[aged], predictions.age[aged])
    return result | {
        "age_cumulative_score": cumulative_score(errors),
        "gender_reliability": reliability(labels, predictions.female[known], BINS),
        "gender_roc": roc(labels, predictions.female[known]),
    }


def figures(samples: Sequence[Sample], predictions: Predictions, resamples: int = 0) -> dict[str, Any]:
    """The figures of one group of faces; None if no face has the label that a figure needs."""
    table = columns(samples, predictions)
    sums = {name: column.sum(0) for name, column in table.items()}
    result: dict[str, Any] = {
        name: None if np.isnan(value) else float(value) for name, value in ratios(sums).items()
    }  # fmt: skip
    matrix = [[int(sums[cell]) for cell in row] for row in (("tn", "fp"), ("fn", "tp"))]
    counts = {"age_n": "aged", "age_range_n": "ranged", "gender_n": "gendered"}
    result |= {"n": len(samples), **{name: int(sums[column]) for name, column in counts.items()}}
    result["confusion_matrix"] = matrix if result["gender_n"] else None
    if resamples:
        result["intervals"] = intervals(table, ratios, resamples)
    return result


def columns(samples: Sequence[Sample], predictions: Predictions) -> Columns:
    """The contribution of each of n faces to the sums for :func:`ratios`: float64 (n,), ``gaps`` (n, 10)."""
    labels = _ranges(samples)
    aged = np.array([sample.age is not None for sample in samples], float)
    ranged = labels[:, 1] > labels[:, 0]
    errors = _exact(age_errors(labels, predictions.age))
    inside = (labels[:, 1] >= predictions.interval[:, 0]) & (labels[:, 0] <= predictions.interval[:, 1])
    # As people state their age, 29.9 counts as 29; so every estimate is in one of the ranges 20-29, 30-39.
    years = np.floor(predictions.age)
    gendered = np.array([sample.gender is not None for sample in samples], float)
    women = np.array([sample.gender or 0 for sample in samples], bool)
    as_women = predictions.female >= 0.5
    bins = bin_of(predictions.female, BINS)
    gaps = (gendered * _exact(women - predictions.female))[:, None] * (bins[:, None] == np.arange(BINS))
    return {
        "aged": aged, "error": aged * errors, "absolute_error": aged * np.abs(errors),
        "within_5": aged * (np.abs(errors) <= 5), "covered": aged * inside,
        "ranged": ranged.astype(float), "in_range": ranged * ((labels[:, 0] <= years) & (years <= labels[:, 1])),
        "gendered": gendered, "tn": gendered * ~women * ~as_women, "fp": gendered * ~women * as_women,
        "fn": gendered * women * ~as_women, "tp": gendered * women * as_women, "gaps": gaps,
    }  # fmt: skip


def ratios(sums: Columns) -> Columns:
    """Figures from sums of :func:`columns`, of one group or of many at once (leading axis); NaN where undefined.

    Female is the positive class. ``gender_ece`` is the mean gap between stated and observed P(female) over ten equal
    bins (M. Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015).
    """
    tn, fp, fn, tp = (sums[cell] for cell in ("tn", "fp", "fn", "tp"))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "age_mae": sums["absolute_error"] / sums["aged"], "age_bias": sums["error"] / sums["aged"],
            "age_cs5": sums["within_5"] / sums["aged"], "age_interval_coverage": sums["covered"] / sums["aged"],
            "age_range_accuracy": sums["in_range"] / sums["ranged"],
            "gender_accuracy": (tp + tn) / sums["gendered"], "gender_precision": tp / (tp + fp),
            "gender_recall": tp / (tp + fn), "gender_specificity": tn / (tn + fp),
            "gender_f1": 2 * tp / (2 * tp + fp + fn),
            "gender_ece": np.abs(sums["gaps"]).sum(-1) / sums["gendered"],
        }  # fmt: skip


def age_errors(labels: Array, ages: Array) -> Array:
    """Signed error in years against label ranges (n, 2): 0 inside the range, else the distance to its nearer end."""
    return ages - np.clip(ages, labels[:, 0], labels[:, 1])


def _groups(samples: Sequence[Sample]) -> dict[str, list[int]]:
    """Rows of the faces of each slice: age band, adults, gender, ethnicity. A range counts as its middle."""
    groups: dict[str, list[int]] = {}
    for row, sample in enumerate(samples):
        if sample.age_years is not None:
            groups.setdefault(f"age {BANDS.label(sample.age_years)}", []).append(row)
            if ADULT[0] <= sample.age_years <= ADULT[1]:
                groups.setdefault(ADULTS, []).append(row)
        if sample.gender is not None:
            groups.setdefault(GENDER_OF_LABEL[sample.gender], []).append(row)
        if sample.ethnicity is not None:
            groups.setdefault(f"ethnicity {sample.ethnicity}", []).append(row)
    return groups


def _age_confusion(samples: Sequence[Sample], predictions: Predictions) -> Array:
    matrix = np.zeros((len(BANDS.labels), len(BANDS.labels)), int)
    for sample, age in zip(samples, predictions.age, strict=True):
        if sample.age_years is not None:
            row, column = (BANDS.labels.index(BANDS.label(years)) for years in (sample.age_years, float(age)))
            matrix[row, column] += 1
    return matrix


def _ranges(samples: Sequence[Sample]) -> Array:
    return np.array([sample.age or (0, 0) for sample in samples], float).reshape(-1, 2)


def _exact(values: Array) -> Array:
    """Rounded to 2**-30: sums of up to 80,000 such ages are exact in any order, so every digit is reproducible."""
    return np.round(values * 2.0**30) / 2.0**30
