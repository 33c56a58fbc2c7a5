"""Validation while a network is trained, and the temperatures that calibrate its probabilities."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from edge.labels import AGES
from edge.vision.demographics import AGE_INTERVAL_SHARE, Estimate
from training.data.dataset import Sample
from training.data.network_input import network_input
from training.fit.loss import loss_of
from training.networks.heads import HEADS
from training.recipe import Recipe

log = logging.getLogger(__name__)
BATCH = 64
MIN_FACES = 200
"""A temperature is fitted on at least so many labelled faces; with fewer it would follow chance."""


@dataclass(frozen=True)
class NetworkOutputs:
    """A network's outputs for n faces: ``age`` logits float32 (n, 101) and ``gender`` logits float32 (n,)."""

    age: np.ndarray
    gender: np.ndarray


@dataclass(frozen=True)
class Validation:
    """Figures on the validation split: years, a share (0..1), a loss; NaN if no face has the label."""

    age_mae: float
    gender_accuracy: float
    loss: float


@dataclass(frozen=True)
class Temperatures:
    """Divisors of the logits that make the probabilities calibrated; 1 if there are too few labels to fit them."""

    age: float
    gender: float


def run_network(model: keras.Model, faces: np.ndarray) -> NetworkOutputs:
    """Run a network over aligned faces, uint8 RGB (n, side, side, 3), each scaled to its input as the agent does."""
    size = int(model.input_shape[1])
    ages, genders = [], []
    for start in range(0, len(faces), BATCH):
        age, gender = model(network_input(faces[start : start + BATCH], size), training=False)
        ages.append(np.asarray(age, np.float32))
        genders.append(np.asarray(gender, np.float32)[:, 0])
    if not ages:
        return NetworkOutputs(np.zeros((0, AGES), np.float32), np.zeros(0, np.float32))
    return NetworkOutputs(np.concatenate(ages), np.concatenate(genders))


def validation_figures(outputs: NetworkOutputs, labels: dict[str, np.ndarray], recipe: Recipe) -> Validation:
    """Compare outputs with ``labels``, which :func:`training.data.batches.loss_targets` makes for the same faces."""
    shifted = np.exp(outputs.age - outputs.age.max(1, keepdims=True, initial=-np.inf))
    years = shifted / shifted.sum(1, keepdims=True) @ np.arange(AGES)
    errors = np.abs(years - labels["years"])[labels["age_weight"] > 0]
    right = ((outputs.gender > 0) == labels["gender"])[labels["gender_weight"] > 0]
    loss = float(loss_of([outputs.age, outputs.gender[:, None]], labels, recipe)) if len(years) else math.nan
    mae, accuracy = (float(part.mean()) if len(part) else math.nan for part in (errors, right))
    return Validation(mae, accuracy, loss)


def coverage(age_logits: np.ndarray, samples: Sequence[Sample]) -> float:
    """Share of faces (0..1) whose labelled age lies within the agent's 80 % interval."""
    held = []
    for logits, sample in zip(age_logits, samples, strict=True):
        low, high = Estimate.from_logits(logits, 0.0).age_interval
        held.append(sample.age_years is not None and low <= sample.age_years <= high)
    return float(np.mean(held))


def fit_temperatures(outputs: NetworkOutputs, samples: Sequence[Sample]) -> Temperatures:
    """The temperatures with which 80 % intervals cover 80 % of the ages, and gender has the lowest log loss.

    The second follows C. Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    exact = np.array([row for row, sample in enumerate(samples) if sample.age and sample.age[0] == sample.age[1]], int)
    known = np.array([row for row, sample in enumerate(samples) if sample.gender is not None], int)
    age = gender = 1.0
    if len(exact) >= MIN_FACES:
        of_exact = [samples[row] for row in exact]
        # Coverage grows with the temperature in small steps: bisect for the temperature with the coverage aimed at.
        low, high = 0.25, 4.0
        for _ in range(14):
            age = math.sqrt(low * high)
            covers = coverage(outputs.age[exact] / np.float32(age), of_exact)
            low, high = (age, high) if covers < AGE_INTERVAL_SHARE else (low, age)
    if len(known) >= MIN_FACES:
        signs = np.array([1 if samples[row].gender else -1 for row in known])
        candidates = np.exp(np.linspace(math.log(0.25), math.log(4), 241))
        losses = [np.logaddexp(0, -signs * outputs.gender[known] / candidate).mean() for candidate in candidates]
        gender = float(candidates[int(np.argmin(losses))])
    if min(len(exact), len(known)) < MIN_FACES:
        log.warning(
            "calibration: %d ages and %d genders in the validation split; below %d, the model is not calibrated",
            len(exact), len(known), MIN_FACES,
        )  # fmt: skip
    return Temperatures(age, gender)


def calibrate(model: keras.Model, temperatures: Temperatures) -> None:
    """Divide the weights of the two output layers by their temperatures, which divides the logits."""
    for name, temperature in zip(HEADS, (temperatures.age, temperatures.gender), strict=True):
        layer = model.get_layer(name)
        layer.set_weights([weight / np.float32(temperature) for weight in layer.get_weights()])
