"""The data of the plots: scores by error, calibration by bin, the ROC curve, age bands as classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import auc, multilabel_confusion_matrix, precision_recall_fscore_support, roc_curve

Array = npt.NDArray[Any]
YEARS = 15
ROC_POINTS = 201


def cumulative_score(errors: Array) -> list[float] | None:
    """CS(0), CS(1), … CS(15): share of faces whose absolute age error (``errors``, years, (n,)) is at most that."""
    return [float((np.abs(errors) <= years).mean()) for years in range(YEARS + 1)] if len(errors) else None


def bin_of(female: Array, bins: int) -> Array:
    """The index of the bin, of ``bins`` equal bins of P(female), that each of n faces is in: int (n,)."""
    return np.minimum((female * bins).astype(int), bins - 1)


def reliability(labels: Array, female: Array, bins: int) -> list[dict[str, Any]] | None:
    """The stated and the observed share of women in equal bins of P(female): ``low, high, n, stated, observed``.

    Labels (n,) are 1 for women, 0 for men. In an empty bin, both shares are None.
    """
    if not len(labels):
        return None
    rows = bin_of(female, bins)
    table = []
    for index in range(bins):
        inside = rows == index
        count = int(inside.sum())
        means = {name: float(values[inside].mean()) if count else None for name, values in
                 (("stated", female), ("observed", labels))}  # fmt: skip
        table.append({"low": index / bins, "high": (index + 1) / bins, "n": count, **means})
    return table


def roc(labels: Array, female: Array) -> dict[str, Any] | None:
    """The ROC curve with women as the positive class, at up to 201 points; None unless both genders are present.

    ``auc`` is the area under the whole curve: how often a woman gets a higher P(female) than a man, ties counting half.
    """
    if not 0 < labels.sum() < len(labels):
        return None
    false, true, _ = roc_curve(labels, female, drop_intermediate=False)
    points = np.unique(np.linspace(0, len(true) - 1, ROC_POINTS).round().astype(int))
    return {
        "auc": float(auc(false, true)),
        "false_positive_rate": false[points].tolist(), "true_positive_rate": true[points].tolist(),
    }  # fmt: skip


def band_figures(bands: Sequence[str], matrix: Array) -> dict[str, Any] | None:
    """Age bands as classes, each against all others, from their confusion matrix (rows: labels).

    ``macro`` is the plain mean over the bands that have faces; such a band's precision is 0 if no estimate is in it.
    ``accuracy`` is the share of faces whose estimate lies in the right band.
    """
    if not matrix.sum():
        return None
    rows, columns = np.indices(matrix.shape).reshape(2, -1)
    cells = {
        "labels": np.arange(len(bands)),
        "sample_weight": matrix.ravel(),
    }  # each cell counts as its number of faces
    precision, recall, f1, n = precision_recall_fscore_support(rows, columns, zero_division=np.nan, **cells)
    against_others = multilabel_confusion_matrix(rows, columns, **cells)
    right, others = against_others.diagonal(axis1=1, axis2=2), against_others[:, 0].sum(1)
    with np.errstate(invalid="ignore"):
        table = {
            "accuracy": right.sum(1) / matrix.sum(),
            "precision": np.where(np.isnan(precision) & (n > 0), 0.0, precision),
            "recall": recall, "f1": f1, "specificity": right[:, 0] / others,
        }  # fmt: skip
    return {
        "accuracy": float(np.trace(matrix) / matrix.sum()),
        "by_band": {
            band: {"n": int(n[index]), **{name: _known(values[index]) for name, values in table.items()}}
            for index, band in enumerate(bands)
        },
        "macro": {name: _mean(values[n > 0]) for name, values in table.items()},
    }


def _mean(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
