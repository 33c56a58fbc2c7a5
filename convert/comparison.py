"""Comparing a float network with its INT8 forms, split by split."""

from __future__ import annotations

import logging
from typing import Any

import keras

from convert.tolerances import check_tolerances
from edge.vision.bundle import Bundle
from training.data.dataset import Dataset, Split
from training.evaluation.metrics import evaluation_report
from training.evaluation.predictors import PredictionResult, Predictor, bundle_predictor, keras_predictor, predict

log = logging.getLogger(__name__)


class Comparison:
    """The results of ``network`` and of its INT8 candidates on ``dataset``, for the card.

    ``figures`` and ``outcomes`` have keys such as ``float/validation`` and ``int8/test``. Those of ``int8`` belong to
    the candidate that was measured last.
    """

    def __init__(self, network: keras.Model, dataset: Dataset) -> None:
        self._float = keras_predictor(network, "")
        self._dataset = dataset
        self.figures: dict[str, dict[str, Any]] = {}
        self.outcomes: dict[str, PredictionResult] = {}

    def measure(self, candidate: Bundle, split: Split) -> None:
        """Measure ``candidate`` on a split, and the float network too if it has not been measured there yet.

        Raises:
            ToleranceExceeded: INT8 is worse than :mod:`convert.tolerances` allows.
        """
        if f"float/{split}" not in self.figures:
            self._measure("float", self._float, split)
        self._measure("int8", bundle_predictor(candidate), split)
        before, after = self.figures[f"float/{split}"], self.figures[f"int8/{split}"]
        years, share = after["age_mae"] - before["age_mae"], after["gender_accuracy"] - before["gender_accuracy"]
        log.info("INT8 against float, %s: age MAE %+.3f, gender %+.2f points", split, years, 100 * share)
        check_tolerances(before, after, split)

    def _measure(self, kind: str, predictor: Predictor, split: Split) -> None:
        log.info("%s, %s split", kind, split)
        outcome = predict(self._dataset.of(split), predictor)
        self.outcomes[f"{kind}/{split}"] = outcome
        self.figures[f"{kind}/{split}"] = evaluation_report(outcome.samples, outcome.predictions)
