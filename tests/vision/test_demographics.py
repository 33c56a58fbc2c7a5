"""Estimates, their pooling, and the estimator on photographs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.vision.alignment import crop_aligned
from edge.vision.bundle import load_bundle
from edge.vision.demographics import DemographicsEstimator, Estimate, pool
from tests.faces import bell


@pytest.fixture(scope="module")
def estimator() -> DemographicsEstimator:
    return DemographicsEstimator(load_bundle("table1"), 1)


@pytest.mark.parametrize("width", [0.5, 3, 12])
@pytest.mark.parametrize("mean", [0, 1, 8, 33.5, 71, 100])
def test_quantiles_rise_and_stay_in_range_and_the_interval_contains_the_mean(mean: float, width: float):
    estimate = bell(mean, width)
    quantiles = [estimate.quantile(share) for share in np.linspace(0, 1, 21)]
    assert quantiles == sorted(quantiles)
    assert quantiles[0] >= 0
    assert quantiles[-1] <= 100
    low, high = estimate.age_interval
    assert low <= estimate.age <= high
    if 20 < mean < 80 and width >= 3:  # far from the ends: the normal distribution's own 80 %
        assert (high - low) == pytest.approx(2 * 1.2816 * width, rel=0.02)


def test_an_estimate_tells_its_age_and_interval():
    density = np.zeros(101, np.float32)
    density[30:41] = 1 / 11
    estimate = Estimate(density, 0.3)
    assert estimate.age == pytest.approx(35, abs=1e-4)
    low, high = estimate.age_interval
    assert (low, high) == pytest.approx((30.6, 39.4), abs=0.1)


def test_an_age_known_for_certain_has_an_interval_within_its_year():
    density = np.zeros(101, np.float32)
    density[40] = 1
    estimate = Estimate(density, 0.0)
    assert estimate.age == 40
    assert (39.5, 40.5) <= estimate.age_interval <= (40, 40.5)


def test_pooling_favours_what_all_agree_on():
    both = [bell(30, 6, 0.9), bell(40, 6, 0.8)]
    assert pool(both).age == pytest.approx(35, abs=0.2)
    assert 0.8 < pool(both).female_probability < 0.9
    assert pool(both[::-1]).age == pytest.approx(pool(both).age)
    with pytest.raises(ValueError, match="nothing"):
        pool([])


def test_pooling_one_estimate_hardly_changes_it_and_their_order_does_not_matter():
    shots = [bell(30, 5, 0.9), bell(37, 9, 0.6), bell(33, 2, 0.05)]
    for shot in shots:
        alone = pool([shot])
        assert alone.age == pytest.approx(shot.age, abs=0.02)
        assert alone.female_probability == pytest.approx(shot.female_probability, abs=1e-6)
    pooled = [pool([shots[i] for i in order]) for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0])]
    assert len({round(estimate.age, 4) for estimate in pooled}) == 1
    assert len({round(estimate.female_probability, 6) for estimate in pooled}) == 1


def test_the_same_shot_many_times_is_no_more_evidence_than_once():
    shot = bell(30, 6, 0.8)
    assert pool([shot] * 20).age_interval == pytest.approx(shot.age_interval, abs=0.02)
    assert pool([shot] * 20).female_probability == pytest.approx(0.8, abs=1e-4)


def test_a_shot_that_differs_from_the_others_hardly_changes_the_pooled_age():
    agreed = [bell(30, 5, 0.9), bell(31, 5, 0.9), bell(29, 5, 0.9), bell(30, 5, 0.9)]
    odd = bell(75, 5, 0.001)
    pooled = pool([*agreed, odd])
    assert pooled.age == pytest.approx(30, abs=1.5)
    assert pooled.female_probability > 0.8


def test_weights_decide_between_shots_that_disagree_a_little():
    shots = [bell(30, 5, 0.8), bell(36, 5, 0.2)]
    first, second = pool(shots, [0.9, 0.1]), pool(shots, [0.1, 0.9])
    assert first.age < pool(shots).age < second.age
    assert first.female_probability > 0.5 > second.female_probability
    assert pool(shots, [0.0, 0.0]).age == pytest.approx(pool(shots).age, abs=1e-3)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_one_completely_certain_estimate_can_be_outvoted(probability: float):
    pooled = pool([bell(30, 5, probability), bell(60, 5, 0.5), bell(60, 5, 0.5)])
    assert 0.0 < pooled.female_probability < 1.0
    assert np.isfinite(pooled.age_distribution).all()
    assert float(pooled.age_distribution.sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_photographs_get_possible_ages_and_genders(estimator, chips):
    for chip in chips[:20]:
        estimate = estimator.estimate(chip)
        assert estimate.age_distribution.shape == (101,)
        assert float(estimate.age_distribution.sum()) == pytest.approx(1, abs=1e-4)
        assert (estimate.age_distribution >= 0).all()
        assert 0 < estimate.female_probability < 1
        low, high = estimate.age_interval
        assert 0 <= low < estimate.age < high <= 100
    assert len({round(estimator.estimate(chip).age, 2) for chip in chips[:20]}) > 10


def test_a_picture_of_another_size_is_resized_as_an_aligned_crop_is(estimator, chips):
    size = estimator.card.input.width
    for chip in (chips[0], cv2.resize(chips[0], (400, 400)), cv2.resize(chips[0], (90, 120))):
        direct, resized = estimator.estimate(chip), estimator.estimate(crop_aligned(chip, size))
        assert (direct.age_distribution == resized.age_distribution).all()


@pytest.mark.slow
def test_the_default_model_tells_old_from_young_and_women_from_men(utkface: Path):
    estimator = DemographicsEstimator(load_bundle("mobile"), 1)

    def mean(pattern: str) -> tuple[float, float]:
        chips = [cv2.imread(str(path)) for path in sorted(utkface.glob(pattern))[:40]]
        estimates = [estimator.estimate(chip) for chip in chips]
        return float(np.mean([e.age for e in estimates])), float(np.mean([e.female_probability for e in estimates]))

    woman_26, man_26, woman_70 = mean("26_1_*"), mean("26_0_*"), mean("70_1_*")
    assert abs(woman_26[0] - 26) < 5
    assert woman_70[0] > 50
    assert woman_26[1] > 0.85
    assert man_26[1] < 0.2
