"""The model card shows the result, and nothing that it cannot know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data.dataset import Sample
from training.evaluation.metrics import Predictions, evaluation_report
from training.evaluation.model_card import describe_input, format_figure, headlines, model_card

TRAINING = {"data": "own pictures", "licence": "ours", "split": "80/10/10", "source": "maitred train mobile"}


def result(age=(30, 30), gender=1, count=120, **model) -> dict:
    """A report about ``count`` faces with the same label, every tenth estimated as a man of 50."""
    samples = [Sample(Path("x.jpg"), "0" * 64, age, gender)] * count
    wrong = np.arange(count) % 10 == 0
    ages = np.where(wrong, 50.0, 31.0)
    found = Predictions(ages, np.stack([ages - 5, ages + 5], 1), np.where(wrong, 0.2, 0.9))
    return {
        "model": {"name": "mobile", "sha256": "ab", **model},
        "data": {"folder": "x", "sha256": "cd", "split": "test", "aligned": True, "shrink": None},
        **evaluation_report(samples, found, 500), "skipped": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "unit", "ends", "expected"),
    [
        pytest.param(5.3, "years", [5.081, 5.519], "5.30 years [5.08, 5.52]", id="years"),
        pytest.param(0.9092, "share", [0.8968, 0.9212], "90.92 % [89.68, 92.12]", id="share"),
        pytest.param(0.5, "share", None, "50.00 %", id="no interval"),
        pytest.param(None, "years", None, "no labels", id="no labels"),
    ],
)
def test_a_figure_is_shown_with_its_interval(value, unit, ends, expected):
    assert format_figure({"x": value, "intervals": {"x": ends}}, "x", unit) == expected


@pytest.mark.parametrize(
    ("age", "there"), [pytest.param((30, 30), False, id="years"), pytest.param((30, 39), True, id="ranges")]
)
def test_the_share_inside_age_ranges_is_shown_only_if_there_are_ranges(age, there):
    assert ("apparent age: inside the label's range" in dict(headlines(result(age)))) == there


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param({"aligned": True, "shrink": None}, "face crops as they are", id="crops"),
        pytest.param(
            {"aligned": False, "shrink": 48},
            "photos, their faces found and cut out first, shrunk to 48 px and enlarged again",
            id="photos, shrunk",
        ),
    ],
)
def test_the_input_pictures_are_described(data, expected):
    assert describe_input(data) == expected


def test_the_card_has_figures_slices_limits_and_the_origin_of_the_model():
    of = result(training=TRAINING, macs=290_000_000)
    card = model_card(of, {})
    for line in (
        "# Model card: mobile",
        "| training data | own pictures |",
        "| licence | ours |",
        "| multiply-accumulates | 290 million for a face |",
        "It is not for decisions about a single person",
        f"| apparent age: mean absolute error | {format_figure(of, 'age_mae', 'years')} |",
        "| female | 12 | 108 |",
        "| 20-30 % | 12 | 20.0 % | 100.0 % |",
        "| 25-34 | 0 | 0 | 0 | 108 | 0 | 12 | 0 | 0 |",
        "- Lowest gender accuracy: adults 20-60, 90.00 %",
    ):
        assert line in card
    assert "![" not in card
    assert "## Skipped" not in card
    assert "## Training" not in card


def test_unknown_facts_are_shown_as_not_known():
    assert "| licence | not known |" in model_card(result(), {})


@pytest.mark.parametrize(
    ("labels", "absent"),
    [
        pytest.param({"age": None}, "## Apparent age", id="gender only"),
        pytest.param({"gender": None}, "## Gender", id="age only"),
    ],
)
def test_a_section_without_labels_is_left_out(labels, absent):
    card = model_card(result(**labels), {})
    assert absent not in card
    assert "| no labels |" in card


def test_groups_that_are_too_small_are_named_and_not_ranked():
    card = model_card(result(count=40), {})
    assert "- Fewer than 100 faces, so the figures mean little: adults 20-60, age 25-34, female." in card
    assert "- Largest age error" not in card


def test_only_plots_that_were_drawn_are_linked():
    card = model_card(result(), {"gender_roc": "ROC curve"})
    assert "![ROC curve](gender_roc.png) ([SVG](gender_roc.svg))" in card
    assert card.count("![") == 1
