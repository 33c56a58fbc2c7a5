"""Distillation: learning from trained networks (teachers) as well as from labels.

An ensemble of teachers sees every training face and its mirror image. The mean of their predictions is mixed into the
label, and replaces an age that is not labelled. G. Hinton et al., "Distilling the Knowledge in a Neural Network", 2015.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.labels import AGES
from training.data.dataset import Sample
from training.fit.cached_outputs import cached_outputs
from training.fit.validation import run_network
from training.networks.checkpoint import load_network
from training.networks.provenance import origin


@dataclass(frozen=True)
class TeacherPrediction:
    """Predictions for n faces: ``age`` distributions float32 (n, 101), each with sum 1, P(female) float32 (n,)."""

    age: np.ndarray
    female: np.ndarray


class Teacher:
    """A trained network from a Keras file, whose predictions another network learns.

    Attributes:
        facts: for ``run.json``: the network's name, the SHA-256 of the file and, if its own ``run.json`` is there, the
            licence of the data it learned from.

    Raises:
        BadInput: it is not a Keras file of one of the networks here.
    """

    def __init__(self, path: Path) -> None:
        self._model = load_network(path)
        self.facts = {"network": self._model.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        if training := origin(path).get("training"):
            self.facts["licence"] = training["licence"]

    def predict(self, faces: np.ndarray, samples: Sequence[Sample], cache: Path) -> TeacherPrediction:
        """Predictions for faces uint8 RGB (n, side, side, 3), those of ``samples``; cached in the folder ``cache``.

        Each is the mean over the face and its mirror image, which on validation faces is 0.04 years and 0.2 points
        better.
        """
        key = hashlib.sha256("".join([self.facts["sha256"], *(sample.sha256 for sample in samples)]).encode())
        found = cached_outputs(faces, self._with_mirror, cache, f"{self._model.name}-mirrored-{key.hexdigest()[:16]}")
        return TeacherPrediction(found[:, :AGES], found[:, AGES])

    def _with_mirror(self, faces: np.ndarray) -> np.ndarray:
        return (self._forward(faces) + self._forward(faces[:, :, ::-1])) / 2

    def _forward(self, faces: np.ndarray) -> np.ndarray:
        outputs = run_network(self._model, faces)
        age = np.exp(outputs.age - outputs.age.max(1, keepdims=True))
        female = 1 / (1 + np.exp(-outputs.gender[:, None]))
        return np.concatenate([age / age.sum(1, keepdims=True), female], 1).astype(np.float32)


def mean_prediction(predictions: Sequence[TeacherPrediction]) -> TeacherPrediction:
    """The mean of several teachers' predictions for the same faces."""
    return TeacherPrediction(
        np.asarray(np.mean([one.age for one in predictions], 0), np.float32),
        np.asarray(np.mean([one.female for one in predictions], 0), np.float32),
    )


def concatenate(predictions: Sequence[TeacherPrediction]) -> TeacherPrediction:
    """One prediction for several sets of faces, one set after the other."""
    return TeacherPrediction(
        np.concatenate([one.age for one in predictions]), np.concatenate([one.female for one in predictions])
    )


def distilled_labels(
    labels: dict[str, np.ndarray], prediction: TeacherPrediction, weight: float
) -> dict[str, np.ndarray]:
    """``labels`` (see :func:`training.data.batches.loss_targets`) with the share ``weight``, 0..1, of the prediction.

    An unknown age is replaced by the prediction, with ``weight`` as its weight in the loss. An unknown gender stays
    unknown, because there are plenty of gender labels.
    """
    known = labels["age_weight"] > 0
    share = np.where(known, weight, 1).astype(np.float32)
    return labels | {
        "age": labels["age"] + share[:, None] * (prediction.age - labels["age"]),
        "years": labels["years"] + share * (prediction.age @ np.arange(AGES, dtype=np.float32) - labels["years"]),
        "gender": labels["gender"] + np.float32(weight) * (prediction.female - labels["gender"]),
        "age_weight": np.where(known, labels["age_weight"], np.float32(weight)),
    }
