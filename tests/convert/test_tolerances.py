"""How much INT8 may lose, and how a larger loss is reported."""

from __future__ import annotations

import numpy as np
import pytest

from convert.tolerances import OVERALL, SLICE, agreement, check_tolerances
from edge.errors import MaitredError
from training.evaluation.metrics import Predictions


def figures(mae: float = 5.0, gender: float | None = 0.9, n: int = 1000, **slices: dict) -> dict:
    return {"age_mae": mae, "gender_accuracy": gender, "n": n, "slices": slices}


@pytest.mark.parametrize(
    ("after", "excess"),
    [
        pytest.param(figures(5.05, 0.898), None, id="as much as allowed"),
        pytest.param(figures(4.0, 0.99), None, id="better"),
        pytest.param(figures(5.06), "age_mae 5.00 -> 5.06", id="age"),
        pytest.param(figures(5.0, 0.897), "gender_accuracy 0.9000 -> 0.8970", id="gender"),
        pytest.param(figures(5.0, None), None, id="no gender labels"),
    ],
)
def test_a_loss_beyond_the_tolerance_is_named(after, excess):
    assert OVERALL.excess(figures(), after) == excess


@pytest.mark.parametrize(("n", "right", "lost"), [(50, 0.88, False), (50, 0.86, True), (500, 0.888, True)])
def test_of_few_faces_one_may_change(n, right, lost):
    assert bool(SLICE.excess(figures(n=n), figures(5.0, right, n))) == lost


def test_a_slice_that_lost_too_much_is_named_and_other_groups_are_ignored():
    before = figures(**{"age 65+": figures(8.0), "ethnicity asian": figures(), "female": figures()})
    check_tolerances(before, before, "test")
    after = figures(**{"age 65+": figures(8.4), "ethnicity asian": figures(), "female": figures(9.0)})
    with pytest.raises(MaitredError, match=r"on the test split: age 65\+: age_mae 8\.00 -> 8\.40; no bundle written"):
        check_tolerances(before, after, "test")


def test_agreement_is_measured_face_by_face():
    def of(age: list[float], female: list[float]) -> Predictions:
        return Predictions(np.array(age), np.zeros((len(age), 2)), np.array(female))

    found = agreement(of([10, 20, 30, 40], [0.1, 0.9, 0.6, 0.4]), of([11, 20, 30, 42], [0.2, 0.8, 0.4, 0.3]))
    assert found["age_years_median"] == pytest.approx(0.5)
    assert found["gender"] == 0.75
