"""Counting work from files, and the figures of a model's speed."""

from __future__ import annotations

import numpy as np
import pytest

from edge.benchmark.macs import CHANNELS, SIDE, count_macs, peak_model
from edge.benchmark.models import ModelSpeed, int8_peak, measure_model
from edge.benchmark.timings import Timings
from edge.vision.bundle import load_bundle, shipped_models
from edge.vision.interpreter import Interpreter


@pytest.mark.parametrize("name", [name for name in shipped_models() if load_bundle(name).card.macs])
def test_operations_counted_from_the_file_are_those_of_the_card(name):
    bundle = load_bundle(name)
    assert count_macs(bundle.model) == bundle.card.macs


def test_the_peak_model_multiplies_and_does_nothing_else():
    model = peak_model()
    assert count_macs(model) == SIDE * SIDE * CHANNELS * CHANNELS
    interpreter = Interpreter(model)
    image = np.random.default_rng(1).integers(-127, 128, interpreter.inputs[0].shape, np.int8)
    (sums,) = interpreter.run(image)
    weights = np.random.default_rng(0).integers(-127, 128, (CHANNELS, 1, 1, CHANNELS), np.int8)[:, 0, 0].astype(int)
    expected = image.reshape(-1, CHANNELS).astype(int) @ weights.T * (0.02 * 0.01 / 0.5)
    assert np.abs(np.clip(np.rint(expected), -128, 127) - sums.reshape(-1, CHANNELS)).max() <= 1


def test_a_models_speed_is_its_work_over_its_median():
    speed = ModelSpeed("m", 1.0, 1, 2_000_000_000, Timings([0.1, 0.1, 0.4]), 40.0)
    assert speed.gmacs == pytest.approx(20)
    assert speed.as_dict()["share_of_int8_peak"] == pytest.approx(0.5)


def test_every_run_is_timed_and_warm_up_is_not():
    speed = measure_model(load_bundle("table1"), threads=1, runs=4, peak=int8_peak(1))
    assert len(speed.timings.seconds) == 4
    assert speed.gmacs > 0
