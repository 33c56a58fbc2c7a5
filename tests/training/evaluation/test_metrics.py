"""Figures compared with cases computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data.dataset import Sample
from training.evaluation.metrics import Predictions, evaluation_report, figures


def sample(age, gender, ethnicity=None) -> Sample:
    return Sample(Path("x.jpg"), "0" * 64, age, gender, ethnicity)


def predictions(ages, female, width=5.0) -> Predictions:
    age = np.array(ages, float)
    return Predictions(age, np.stack([age - width, age + width], 1), np.array(female, float))


@pytest.mark.parametrize(
    ("label", "estimate", "error"),
    [
        pytest.param((30, 30), 34.5, 4.5, id="too old"),
        pytest.param((30, 30), 28.0, -2.0, id="too young"),
        pytest.param((20, 29), 24.0, 0.0, id="inside the range"),
        pytest.param((20, 29), 20.0, 0.0, id="on its edge"),
        pytest.param((20, 29), 31.5, 2.5, id="above the range"),
        pytest.param((20, 29), 10.0, -10.0, id="below the range"),
    ],
)
def test_age_error_is_the_distance_to_the_label_range(label, estimate, error):
    result = figures([sample(label, None)], predictions([estimate], [0.5]))
    assert result["age_mae"] == pytest.approx(abs(error))
    assert result["age_bias"] == pytest.approx(error)


@pytest.mark.parametrize(
    ("labels", "estimates", "accuracy"),
    [
        pytest.param([(30, 30), (40, 40)], [30, 40], None, id="no ranges"),
        pytest.param([(20, 29), (20, 29), (20, 29)], [20.0, 29.9, 30.0], 2 / 3, id="29.9 is still 29"),
        pytest.param([(70, 100), (0, 2)], [100.0, 3.1], 1 / 2, id="open at the top"),
        pytest.param([(20, 29), (25, 25), None], [24, 60, 60], 1.0, id="years and blanks do not count"),
    ],
)
def test_range_accuracy_is_the_share_of_estimates_inside_their_range(labels, estimates, accuracy):
    result = figures([sample(label, None) for label in labels], predictions(estimates, [0.5] * len(labels)))
    assert result["age_range_accuracy"] == (accuracy if accuracy is None else pytest.approx(accuracy))


@pytest.mark.slow
def test_intervals_contain_their_figures_and_agree_with_theory():
    rng = np.random.default_rng(7)
    years = rng.integers(20, 60, 1000)
    ages = years + rng.normal(0, 5, 1000)
    female = np.where(rng.random(1000) < 0.9, years % 2, 1 - years % 2) * 0.8 + 0.1
    samples = [sample((int(year), int(year)), int(year) % 2) for year in years]
    result = evaluation_report(samples, predictions(ages, female), resamples=2000)
    share = result["gender_accuracy"]
    for name, spread in (
        ("age_mae", np.abs(ages - years).std()),
        ("gender_accuracy", np.sqrt(share * (1 - share))),
        ("adults_gender_accuracy", np.sqrt(share * (1 - share))),
    ):
        half = 1.96 * spread / np.sqrt(1000)
        expected = [result[name] - half, result[name] + half]
        assert result["intervals"][name] == pytest.approx(expected, abs=0.15 * half), name
    assert set(result["intervals"]) == {
        "age_mae", "age_bias", "age_cs5", "age_interval_coverage", "age_range_accuracy", "gender_accuracy",
        "gender_precision", "gender_recall", "gender_specificity", "gender_f1", "gender_ece", "adults_gender_accuracy",
    }  # fmt: skip
    assert result["intervals"]["age_range_accuracy"] is None
    assert all(ends[0] <= result[name] <= ends[1] for name, ends in result["intervals"].items() if ends)


def test_sums_are_exact_in_any_order():
    rng = np.random.default_rng(8)
    years, ages, female = rng.integers(0, 101, 700), rng.random(700) * 100, rng.random(700)
    samples = [sample((int(year), int(year)), int(year) % 2) for year in years]
    forth, back = predictions(ages, female), predictions(ages[::-1], female[::-1])
    assert figures(samples, forth) == figures(samples[::-1], back)


def test_age_figures_of_a_small_group():
    samples = [sample((30, 30), None), sample((40, 40), None), sample(None, None), sample((60, 69), None)]
    result = figures(samples, predictions([35, 30, 99, 59], [0.5] * 4))
    assert result["n"] == 4
    assert result["age_n"] == 3
    assert result["age_mae"] == pytest.approx((5 + 10 + 1) / 3)
    assert result["age_bias"] == pytest.approx((5 - 10 - 1) / 3)
    assert result["age_cs5"] == pytest.approx(2 / 3)
    # Intervals 30-40, 25-35, 54-64 against 30, 40, 60-69.
    assert result["age_interval_coverage"] == pytest.approx(2 / 3)
    assert result["gender_accuracy"] is None
    assert result["confusion_matrix"] is None
    assert result["gender_n"] == 0


@pytest.mark.parametrize(
    ("labels", "female", "expected"),
    [
        pytest.param(
            [1, 1, 1, 0, 0], [0.9, 0.8, 0.2, 0.7, 0.1],
            {"confusion_matrix": [[1, 1], [1, 2]], "gender_accuracy": 3 / 5, "gender_precision": 2 / 3,
             "gender_recall": 2 / 3, "gender_specificity": 1 / 2, "gender_f1": 2 / 3},
            id="all four kinds",
        ),
        pytest.param(
            [0, 0], [0.1, 0.2],
            {"confusion_matrix": [[2, 0], [0, 0]], "gender_accuracy": 1.0, "gender_precision": None,
             "gender_recall": None, "gender_specificity": 1.0, "gender_f1": None},
            id="men only",
        ),
        pytest.param(
            [1, 0], [0.4, 0.6],
            {"confusion_matrix": [[0, 1], [1, 0]], "gender_accuracy": 0.0, "gender_precision": 0.0,
             "gender_recall": 0.0, "gender_specificity": 0.0, "gender_f1": 0.0},
            id="all wrong",
        ),
        pytest.param(
            [1], [0.5],
            {"confusion_matrix": [[0, 0], [0, 1]], "gender_accuracy": 1.0, "gender_precision": 1.0,
             "gender_recall": 1.0, "gender_specificity": None, "gender_f1": 1.0},
            id="one half counts as female",
        ),
    ],
)  # fmt: skip
def test_female_is_the_positive_class(labels, female, expected):
    found = figures([sample(None, label) for label in labels], predictions([30] * len(labels), female))
    matrix, numbers = expected["confusion_matrix"], {k: v for k, v in expected.items() if k != "confusion_matrix"}
    assert found["confusion_matrix"] == matrix
    assert {name: found[name] for name in numbers} == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("labels", "female", "error"),
    [
        pytest.param([1, 0], [1.0, 0.0], 0.0, id="sure and right"),
        pytest.param([0, 1], [1.0, 0.0], 1.0, id="sure and wrong"),
        pytest.param([1, 0, 1, 0], [0.55] * 4, 0.05, id="one bin"),
        # Bins 0.2-0.3 (gap 0.75, one face) and 0.9-1.0 (gap 0.05, three faces).
        pytest.param([1, 1, 1, 1], [0.25, 0.95, 0.95, 0.95], (0.75 + 3 * 0.05) / 4, id="two bins"),
    ],
)
def test_calibration_error(labels, female, error):
    found = figures([sample(None, label) for label in labels], predictions([30] * len(labels), female))
    assert found["gender_ece"] == pytest.approx(error)


def test_the_report_has_the_same_figures_by_group():
    samples = [
        sample((10, 10), 1, "white"), sample((30, 30), 1, "white"), sample((30, 30), 0, "black"), sample(None, 0),
    ]  # fmt: skip
    result = evaluation_report(samples, predictions([12, 33, 29, 50], [0.4, 0.9, 0.2, 0.1]))
    slices = result["slices"]
    assert {name: part["n"] for name, part in slices.items()} == {
        "adults 20-60": 2, "age 0-12": 1, "age 25-34": 2, "ethnicity black": 1, "ethnicity white": 2,
        "female": 2, "male": 2,
    }  # fmt: skip
    assert slices["adults 20-60"]["age_mae"] == pytest.approx(2.0)
    assert slices["age 0-12"]["gender_accuracy"] == 0.0
    assert slices["female"]["gender_recall"] == 0.5
    assert slices["male"]["age_mae"] == pytest.approx(1.0)
    assert result["age_confusion"]["bands"] == ["0-12", "13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
    matrix = np.array(result["age_confusion"]["matrix"])
    assert (matrix.sum(), matrix[0, 0], matrix[3, 3]) == (3, 1, 2)
    assert result["age_bands"]["accuracy"] == 1.0
    assert result["adults_gender_accuracy"] == slices["adults 20-60"]["gender_accuracy"] == 1.0
    assert result["age_cumulative_score"][:4] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert sum(row["n"] for row in result["gender_reliability"]) == 4
    assert result["gender_roc"]["auc"] == 1.0
