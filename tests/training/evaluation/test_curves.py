"""Curves and tables compared with cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.curves import band_figures, cumulative_score, reliability, roc


def test_cumulative_score_counts_errors_up_to_each_year():
    score = cumulative_score(np.array([0.0, -1.0, 1.5, 5.0, -20.0]))
    assert len(score) == 16
    assert score[:6] == pytest.approx([0.2, 0.4, 0.6, 0.6, 0.6, 0.8])
    assert score[15] == pytest.approx(0.8)
    assert cumulative_score(np.array([])) is None


def test_reliability_compares_stated_with_observed_in_each_bin():
    table = reliability(np.array([1, 0, 1, 1]), np.array([0.55, 0.58, 1.0, 0.95]), 10)
    assert [row["n"] for row in table] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert (table[5]["low"], table[5]["high"]) == (0.5, 0.6)
    assert (table[5]["stated"], table[5]["observed"]) == pytest.approx((0.565, 0.5))
    assert (table[9]["stated"], table[9]["observed"]) == pytest.approx((0.975, 1.0))
    assert table[0]["stated"] is None
    assert reliability(np.array([]), np.array([]), 10) is None


@pytest.mark.parametrize(
    ("labels", "female", "area"),
    [
        pytest.param([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], 1.0, id="separated"),
        pytest.param([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9], 0.0, id="all wrong"),
        pytest.param([1, 0, 1, 0], [0.5] * 4, 0.5, id="ties count half"),
        pytest.param([1, 0, 1, 0], [0.9, 0.6, 0.4, 0.1], 0.75, id="one pair of four is wrong"),
    ],
)
def test_the_area_is_how_often_a_woman_scores_above_a_man(labels, female, area):
    curve = roc(np.array(labels), np.array(female))
    assert curve["auc"] == pytest.approx(area)
    assert (curve["false_positive_rate"][0], curve["true_positive_rate"][0]) == (0, 0)
    assert (curve["false_positive_rate"][-1], curve["true_positive_rate"][-1]) == (1, 1)


def test_a_long_roc_curve_is_thinned_but_its_area_is_not():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 5000)
    female = np.clip(0.5 + 0.2 * (labels - 0.5) + rng.normal(0, 0.2, 5000), 0, 1)
    curve = roc(labels, female)
    assert len(curve["true_positive_rate"]) <= 201
    women, men = female[labels == 1][:, None], female[labels == 0][None, :]
    assert curve["auc"] == pytest.approx((women > men).mean() + 0.5 * (women == men).mean())


@pytest.mark.parametrize("labels", [pytest.param([1, 1], id="women"), pytest.param([], id="no faces")])
def test_one_gender_has_no_roc_curve(labels):
    assert roc(np.array(labels, int), np.full(len(labels), 0.7)) is None


def test_each_band_is_a_class_against_all_others():
    found = band_figures(["young", "middle", "old", "nobody"], np.array([
        [3, 1, 0, 0],
        [2, 4, 0, 0],
        [0, 2, 0, 0],
        [0, 0, 0, 0],
    ]))  # fmt: skip
    assert found["accuracy"] == pytest.approx(7 / 12)
    young, old, nobody = (found["by_band"][name] for name in ("young", "old", "nobody"))
    assert young == pytest.approx(
        {"n": 4, "accuracy": 9 / 12, "precision": 3 / 5, "recall": 3 / 4, "f1": 6 / 9, "specificity": 6 / 8}
    )
    assert (old["precision"], old["recall"], old["f1"], old["specificity"]) == (0.0, 0.0, 0.0, 1.0)
    assert (nobody["n"], nobody["precision"], nobody["recall"], nobody["f1"]) == (0, None, None, None)
    # The mean is over the three bands with faces.
    assert found["macro"]["recall"] == pytest.approx((3 / 4 + 4 / 6 + 0) / 3)
    assert found["macro"]["precision"] == pytest.approx((3 / 5 + 4 / 7 + 0) / 3)
    assert band_figures(["young"], np.zeros((1, 1), int)) is None
