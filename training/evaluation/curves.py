"""What the plots show: scores by error, calibration by bin, the ROC curve, age bands as classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
YEARS = 15
ROC_POINTS = 201


def cumulative_score(errors: Array) -> list[float] | None:
    """CS(0), CS(1), … CS(15): share of faces whose absolute age error (years, (n,)) is at most so much."""
    return [float((np.abs(errors) <= years).mean()) for years in range(YEARS + 1)] if len(errors) else None


def bin_of(female: Array, bins: int) -> Array:
    """Which of so many equal bins of P(female) each of n faces is in: int (n,)."""
    return np.minimum((female * bins).astype(int), bins - 1)


def reliability(labels: Array, female: Array, bins: int) -> list[dict[str, Any]] | None:
    """Stated against observed share of women in equal bins of P(female): ``low, high, n, stated, observed``.

    Labels (n,) are 1 for women, 0 for men. An empty bin states and observes None.
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
    """The ROC curve, women being positive, at 201 of its points at most; None unless both genders are there.

    ``auc`` is the area under the whole curve: how often a woman gets a higher P(female) than a man, ties counting half.
    """
    women = int(labels.sum())
    if not 0 < women < len(labels):
        return None
    order = np.argsort(-female, kind="stable")
    last = np.append(np.diff(female[order]) != 0, True)  # equal scores are one step, whatever their order
    true = np.append(0.0, np.cumsum(labels[order])[last] / women)
    false = np.append(0.0, np.cumsum(1 - labels[order])[last] / (len(labels) - women))
    kept = np.unique(np.linspace(0, len(true) - 1, ROC_POINTS).round().astype(int))
    return {
        "auc": float(np.diff(false) @ (true[1:] + true[:-1]) / 2),
        "false_positive_rate": false[kept].tolist(), "true_positive_rate": true[kept].tolist(),
    }  # fmt: skip


def band_figures(bands: Sequence[str], matrix: Array) -> dict[str, Any] | None:
    """Age bands as classes, each against all others, from their confusion matrix (rows: labels).

    ``macro`` is the plain mean over the bands that have faces; such a band's precision is 0 if no estimate names it.
    ``accuracy`` is the share of faces whose estimate lies in the right band.
    """
    total, labelled, estimated, right = matrix.sum(), matrix.sum(1), matrix.sum(0), np.diag(matrix)
    if not total:
        return None
    by_band = {}
    for name, label, estimate, hit in zip(bands, labelled, estimated, right, strict=True):
        others, wrongly = total - label, estimate - hit
        by_band[name] = {
            "n": int(label), "accuracy": float((hit + others - wrongly) / total),
            "precision": float(hit / estimate) if estimate else 0.0 if label else None,
            "recall": float(hit / label) if label else None,
            "f1": float(2 * hit / (label + estimate)) if label + estimate else None,
            "specificity": float((others - wrongly) / others) if others else None,
        }  # fmt: skip
    present = [band for band in by_band.values() if band["n"]]
    return {
        "accuracy": float(right.sum() / total), "by_band": by_band,
        "macro": {name: _mean([band[name] for band in present]) for name in present[0] if name != "n"},
    }  # fmt: skip


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
