"""The faces behind a model's error statistics: label and estimate of each face whose age and gender are known."""

from __future__ import annotations

from edge.census.shares.calibration import Calibration
from training.data.dataset import Sample
from training.evaluation.predictors import PredictionResult


def calibration_faces(outcome: PredictionResult) -> Calibration:
    """Label and estimate of every face whose age and gender are known; a range of ages counts as its middle."""
    known = [row for row, sample in enumerate(outcome.samples) if _labels(sample) is not None]
    labels = [label for label in map(_labels, outcome.samples) if label is not None]
    predictions = outcome.predictions
    return Calibration.of(
        [age for age, _ in labels], [gender for _, gender in labels], predictions.age[known],
        predictions.interval[known], predictions.female[known],
    )  # fmt: skip


def _labels(sample: Sample) -> tuple[float, int] | None:
    return None if sample.age_years is None or sample.gender is None else (sample.age_years, sample.gender)
