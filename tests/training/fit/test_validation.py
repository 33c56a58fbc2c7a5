"""Temperatures calibrate a network that is too confident or not confident enough."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from training.data.batches import loss_targets
from training.data.dataset import Sample
from training.fit.validation import (
    NetworkOutputs,
    calibrate,
    coverage,
    fit_temperatures,
    run_network,
    validation_figures,
)
from training.networks.mobile import mobile
from training.recipe import load_recipe

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(3)


def faces_of(count: int, sharpness: float) -> tuple[NetworkOutputs, list[Sample]]:
    """Outputs whose logits are ``sharpness`` times those from which the labels were drawn."""
    centres = RNG.uniform(15, 75, count)
    true_logits = -0.5 * ((np.arange(101)[None] - centres[:, None]) / 6) ** 2
    density = np.exp(true_logits) / np.exp(true_logits).sum(1, keepdims=True)
    ages = [int(RNG.choice(101, p=row)) for row in density]
    gender_logits = RNG.normal(0, 2, count)
    female = RNG.random(count) < 1 / (1 + np.exp(-gender_logits))
    samples = [Sample(Path(str(row)), str(row), (ages[row],) * 2, int(female[row])) for row in range(count)]
    outputs = NetworkOutputs(*(np.asarray(part * sharpness, np.float32) for part in (true_logits, gender_logits)))
    return outputs, samples


@pytest.mark.parametrize("sharpness", [pytest.param(2.0, id="too sure"), pytest.param(0.5, id="not sure enough")])
def test_the_temperature_undoes_the_sharpness(sharpness: float):
    outputs, samples = faces_of(1500, sharpness)
    assert abs(coverage(outputs.age, samples) - 0.8) > 0.08
    found = fit_temperatures(outputs, samples)
    assert found.gender == pytest.approx(sharpness, rel=0.15)
    assert found.age == pytest.approx(sharpness, rel=0.2)
    assert coverage(outputs.age / np.float32(found.age), samples) == pytest.approx(0.8, abs=0.005)


def test_with_few_faces_the_model_is_not_calibrated(caplog: pytest.LogCaptureFixture):
    found = fit_temperatures(*faces_of(150, 2.0))
    assert (found.age, found.gender) == (1, 1)
    assert "150 ages and 150 genders in the validation split; below 200, the model is not calibrated" in caplog.text


def test_calibrating_divides_the_logits():
    model = mobile()
    faces = RNG.integers(0, 256, (2, 200, 200, 3)).astype(np.uint8)
    before = run_network(model, faces)
    calibrate(model, fit_temperatures(*faces_of(600, 2.0)))
    after = run_network(model, faces)
    assert (np.abs(before.gender) > np.abs(after.gender) * 1.5).all()
    ratios = before.age / after.age
    np.testing.assert_allclose(ratios, np.median(ratios), rtol=1e-3)
    assert np.median(ratios) == pytest.approx(2, rel=0.25)


def test_figures_are_over_the_faces_that_have_the_label():
    logits = np.full((3, 101), -50, np.float32)
    logits[[0, 1, 2], [30, 40, 50]] = 50
    samples = [
        Sample(Path("a"), "0", (33, 33), 1), Sample(Path("b"), "1", None, 0), Sample(Path("c"), "2", (50, 50), None),
    ]  # fmt: skip
    recipe = load_recipe("mobile")
    found = validation_figures(
        NetworkOutputs(logits, np.array([2.0, 1.0, -1.0], np.float32)), loss_targets(samples, recipe), recipe
    )
    assert found.age_mae == pytest.approx(1.5)
    assert found.gender_accuracy == pytest.approx(0.5)
    assert math.isfinite(found.loss)


def test_figures_without_faces_are_nan():
    recipe = load_recipe("mobile")
    found = validation_figures(
        run_network(mobile(), np.zeros((0, 200, 200, 3), np.uint8)), loss_targets([], recipe), recipe
    )
    assert all(math.isnan(value) for value in vars(found).values())
