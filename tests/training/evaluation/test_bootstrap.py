"""Bootstrap intervals compared with those of theory."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.bootstrap import intervals


def mean(sums):
    with np.errstate(invalid="ignore"):
        return {"mean": sums["value"] / sums["one"]}


def columns(values) -> dict[str, np.ndarray]:
    return {"value": np.asarray(values, float), "one": np.ones(len(values))}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.arange(2000) % 10 < 9, id="share of 90 %"),
        pytest.param(np.arange(2000) % 2, id="share of 50 %"),
        pytest.param(np.random.default_rng(3).normal(5, 4, 2000).round(3), id="mean of normals"),
        pytest.param(np.random.default_rng(4).exponential(5, 2000).round(3), id="mean of a skewed quantity"),
    ],
)
def test_the_interval_of_a_mean_agrees_with_theory(values):
    low, high = intervals(columns(values), mean)["mean"]
    half = 1.96 * np.std(values) / np.sqrt(len(values))
    # With 2,000 resamples, the ends scatter by about a twentieth of the half width.
    assert low == pytest.approx(np.mean(values) - half, abs=0.15 * half)
    assert high == pytest.approx(np.mean(values) + half, abs=0.15 * half)


def test_the_seed_determines_every_digit():
    values = np.random.default_rng(5).integers(0, 50, 300)
    assert intervals(columns(values), mean) == intervals(columns(values), mean)
    assert intervals(columns(values), mean, seed=1) != intervals(columns(values), mean, seed=2)


def test_many_faces_are_resampled_in_parts(monkeypatch):
    values = np.arange(500) % 4 == 0
    monkeypatch.setattr("training.evaluation.bootstrap.DRAWS_AT_ONCE", 700)  # one resample at a time
    low, high = intervals(columns(values), mean, resamples=400)["mean"]
    assert low < 0.25 < high
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 * 0.75 / 500), rel=0.25)


@pytest.mark.parametrize(
    ("value", "one", "expected"),
    [
        pytest.param([0, 0], [0, 0], None, id="never defined"),
        pytest.param([1, 0], [1, 0], [1.0, 1.0], id="defined where the one labelled face is drawn"),
        pytest.param([3, 3, 3], [1, 1, 1], [3.0, 3.0], id="no spread"),
    ],
)
def test_resamples_without_a_label_are_left_out(value, one, expected):
    sums = {"value": np.array(value, float), "one": np.array(one, float)}
    assert intervals(sums, mean)["mean"] == expected
