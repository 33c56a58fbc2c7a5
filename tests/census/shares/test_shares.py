"""Shares and their intervals, raw and corrected, from counts, visits and what may leave the device."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from edge.census.age_bands import AgeBands
from edge.census.shares import label_shift as correction
from edge.census.shares.calibration import KEY, Calibration
from edge.census.shares.confusion import MIN_FACES, estimate_confusion
from edge.census.shares.estimator import CORRECTED, RAW, ShareEstimator, raw_shares
from edge.census.shares.label_shift import INTERVAL_LEVEL, RUNS, correct_counts
from edge.census.suppression import NOT_ESTIMATED, disclose, possible_cells
from edge.census.window import Window, cell_of
from edge.config.census import Census
from edge.counting.visit import Visit
from edge.vision.bundle import load_bundle

pytestmark = pytest.mark.slow

F, M, U = ("18+", "female"), ("18+", "male"), ("unknown", "unknown")
SETTINGS = Census()
BANDS = AgeBands(SETTINGS.bands)
CELLS = possible_cells(BANDS, SETTINGS.no_gender_below)


def faces(error_years: int, wrong_gender: float, each: int = 20, seed: int = 1) -> Calibration:
    """An invented classifier, with `each` faces of every age and gender. Its ages are off by up to `error_years`."""
    random = np.random.default_rng(seed)
    age, female = (values.ravel() for values in np.meshgrid(np.repeat(np.arange(91), each), [0, 1]))
    estimated = age + random.integers(-error_years, error_years + 1, len(age))
    sure = 1 - max(wrong_gender, 0.001)
    as_female = np.where(random.random(len(age)) < wrong_gender, 1 - female, female)
    # Its intervals are as wide as its errors, and its probabilities as high as it is often right.
    interval = np.column_stack([estimated - 0.8 * error_years, estimated + 0.8 * error_years])
    return Calibration.of(age, female, estimated, interval, np.where(as_female, sure, 1 - sure))


def visits_of(calibration: Calibration) -> list[Visit]:
    """The visits that the agent would store for these faces."""
    return [
        Visit(0, 1, 1, age, (low, high), None if age < SETTINGS.no_gender_below else female)
        for age, low, high, female in zip(
            *(getattr(calibration, name).tolist() for name in ("age", "low", "high", "probability")), strict=True
        )
    ]


def truth_of(calibration: Calibration) -> dict:
    cells = [
        cell_of(Visit(0, 1, 1, float(age), None, None if age < SETTINGS.no_gender_below else float(female)), BANDS)
        for age, female in zip(calibration.true_age, calibration.true_female, strict=True)
    ]
    return {cell: cells.count(cell) / len(cells) for cell in CELLS}


def estimator(calibration: Calibration) -> ShareEstimator:
    known = estimate_confusion(calibration, BANDS, SETTINGS.no_gender_below)
    assert known is not None
    return ShareEstimator(known)


PERFECT = estimator(faces(0, 0.0))
MOBILE = ShareEstimator.of(load_bundle("mobile").card, SETTINGS)


def distance(shares, truth) -> float:
    return 0.5 * sum(abs(s.share - truth[s.band, s.gender]) for s in shares.cells)


@pytest.mark.parametrize("counts", [{F: 3, M: 9}, {F: 1}, {F: 0, M: 40, U: 2}, {F: 1000, M: 1}])
def test_raw_intervals_are_wilsons(counts):
    total = sum(counts.values())
    shares = raw_shares(counts)
    assert (shares.method, shares.interval) == (RAW, "wilson")
    for share, n in zip(shares.cells, counts.values(), strict=True):
        interval = binomtest(n, total).proportion_ci(INTERVAL_LEVEL, method="wilson")
        assert share.share == n / total
        assert (share.low, share.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
        assert 0 <= share.low <= share.share <= share.high <= 1


def test_raw_shares_are_of_the_given_total():
    (share,) = raw_shares({F: 5}, 20).cells
    assert (share.band, share.gender, share.share) == ("18+", "female", 0.25)


@pytest.mark.parametrize(("counts", "visits"), [({}, None), ({F: 0}, None), ({}, 0), ({F: 0}, 0)])
def test_without_visits_there_are_no_shares(counts, visits):
    assert raw_shares(counts, visits).cells == ()
    assert MOBILE.of_counts({}).cells == ()
    assert MOBILE.of_visits([]).cells == ()


COUNTS = [
    pytest.param({CELLS[3]: 1}, id="one visit"),
    pytest.param({NOT_ESTIMATED: 3}, id="nobody was estimated"),
    pytest.param({CELLS[0]: 4, CELLS[3]: 20, NOT_ESTIMATED: 5}, id="some were not"),
    pytest.param({cell: 7 * i for i, cell in enumerate(CELLS)}, id="all cells"),
    pytest.param({CELLS[5]: 100_000, CELLS[8]: 3}, id="very many"),
]


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("known", [PERFECT, MOBILE], ids=["perfect", "mobile"])
def test_corrected_shares_are_a_distribution_within_their_intervals(counts, known):
    shares = known.of_counts(counts)
    assert shares.method == CORRECTED
    assert [(s.band, s.gender) for s in shares.cells] == list(CELLS)
    assert sum(s.share for s in shares.cells) == pytest.approx(1, abs=1e-9)
    assert all(0 <= s.low <= s.share <= s.high <= 1 for s in shares.cells)


@pytest.mark.parametrize("counts", COUNTS)
def test_a_classifier_that_hardly_errs_leaves_the_counts_nearly_as_they_are(counts):
    total = sum(counts.values())
    for s in PERFECT.of_counts(counts).cells:
        assert s.share == pytest.approx(counts.get((s.band, s.gender), 0) / total, abs=0.01)


@pytest.mark.parametrize("counts", COUNTS)
def test_the_same_counts_give_the_same_numbers(counts):
    assert MOBILE.of_counts(counts) == MOBILE.of_counts(dict(counts))


@pytest.mark.parametrize("truth", [(0.25, 0.25, 0.25, 0.25), (0.7, 0.1, 0.1, 0.1), (0.0, 0.5, 0.05, 0.45)])
@pytest.mark.parametrize("right", [0.9, 0.7])
def test_with_a_known_confusion_large_counts_give_the_truth(truth, right):
    chance = np.full((4, 4), (1 - right) / 3) + np.eye(4) * (right - (1 - right) / 3)
    counts = np.rint(1_000_000 * np.array(truth) @ chance).astype(int)
    found = correct_counts(counts, 1_000_000 * chance, np.eye(4))
    assert found.share == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("lowest", [0, 30, 60])
def test_shares_are_right_for_a_crowd_of_other_ages_and_genders_than_the_calibration_faces(lowest):
    known = estimator(faces(8, 0.15, each=100))
    crowd = faces(8, 0.15, each=100, seed=2)
    # The shift: three of four faces below the age are removed, and nine of ten men.
    rare = (crowd.true_age < lowest) & (np.arange(len(crowd)) % 4 > 0) | (crowd.true_female == 0) & (
        np.arange(len(crowd)) % 10 > 0
    )
    crowd = crowd.take(~rare)
    truth, visits = truth_of(crowd), visits_of(crowd)
    counts = dict.fromkeys(CELLS, 0)
    for visit in visits:
        counts[cell_of(visit, BANDS)] += 1
    assert distance(known.of_counts(counts), truth) < 0.5 * distance(raw_shares(counts), truth)
    assert distance(known.of_visits(visits), truth) < 0.4 * distance(raw_shares(counts), truth)


def test_intervals_narrow_with_the_visits_down_to_what_the_calibration_allows():
    def width(times: int, known: ShareEstimator) -> float:
        return sum(s.high - s.low for s in known.of_counts(dict.fromkeys(CELLS[:-1], times)).cells)

    assert width(3, MOBILE) > 1.3 * width(30, MOBILE)
    well_known = estimator(faces(5, 0.05, each=200))
    assert width(30, well_known) > 1.5 * width(3000, well_known)
    assert width(3000, well_known) < 0.5 * width(3000, estimator(faces(5, 0.05, each=2)))


def test_visits_with_the_same_estimate_are_one_kind_and_each_counts():
    visits = [Visit(0, 1, 1, 40.1, (33.9, 46.9), 0.21), Visit(0, 1, 1, 40.2, (34.0, 47.1), 0.2)]
    visits += [Visit(0, 1, 1, 40.1, (33.9, 46.9), 0.9), Visit(0, 1, 1, 9.0, (7.0, 11.0)), Visit(0, 1, 1)]
    kinds = MOBILE.confusion.distinct_visits(visits)
    assert sorted(kinds.counts.tolist()) == [1, 1, 1, 2]
    assert {CELLS[cell] for cell in kinds.cell} == {cell_of(visit, BANDS) for visit in visits}
    many = MOBILE.confusion.distinct_visits(visits_of(faces(12, 0.1)))
    assert many.counts.sum() > 3 * len(many.counts)


@pytest.mark.parametrize("at_once", [7, RUNS])
def test_the_number_of_runs_computed_together_changes_nothing(monkeypatch, at_once: int):
    visits = visits_of(faces(12, 0.1))
    found = MOBILE.of_visits(visits), MOBILE.of_counts(dict.fromkeys(CELLS, 9))
    monkeypatch.setattr(correction, "RUNS_AT_ONCE", at_once)
    assert (MOBILE.of_visits(visits), MOBILE.of_counts(dict.fromkeys(CELLS, 9))) == found


def test_no_visit_changes_its_cell_when_visits_are_put_together():
    known, random = MOBILE.confusion, np.random.default_rng(5)
    for age, female in zip(random.uniform(0, 100, 500), random.random(500), strict=True):
        visit = Visit(0, 1, 1, age, (age - 3.3, age + 4.1), None if age < 13 else female)
        assert known.cells[known.distinct_visits([visit]).cell[0]] == cell_of(visit, BANDS)


def test_a_visit_stored_without_a_gender_says_nothing_about_it_when_the_limit_is_lowered():
    """It was stored while [census] no_gender_below was 18."""
    found = MOBILE.of_visits([Visit(0, 1, 1, 15.0, (12.0, 19.0))] * 60)
    women = next(share for share in found.genders if share.gender == "female")
    assert women.low < 0.1
    assert women.high > 0.8


def test_poor_shots_do_not_add_to_the_rarest_cells():
    """Adults whose intervals were made wider because their shots are poor must not add to the rarest cells."""
    adults = [
        Visit(0, 1, 1, age, (age - 6, age + 6), female)
        for age in (24.0, 28.0, 31.0, 36.0, 40.0, 44.0, 52.0, 60.0)
        for female in (0.97, 0.04)
        for _ in range(12)
    ]
    wider = [
        replace(visit, age_interval=(visit.age - 22, visit.age + 22), own_interval=visit.age_interval)
        for visit in adults
    ]

    def teens(visits: list[Visit]) -> float:
        return next(share.share for share in MOBILE.of_visits(visits).bands if share.band == "13-17")

    assert teens(wider) == teens(adults)
    assert teens([replace(visit, own_interval=None) for visit in wider]) > teens(adults) + 0.01


def test_confident_estimates_count_more_than_others_with_the_same_counts():
    def men(female_probability: float) -> float:
        found = MOBILE.of_visits([Visit(0, 1, 1, 40.0, (34.0, 46.0), female_probability)] * 200)
        return sum(share.share for share in found.cells if share.gender == "male")

    assert men(0.99) < 0.5 * men(0.55)


def test_with_many_calibration_faces_it_does_not_matter_how_common_each_kind_is():
    calibration = faces(5, 0.1, each=60)
    doubled = np.concatenate([np.arange(len(calibration)), np.flatnonzero(calibration.true_age >= 65)])
    counts = dict.fromkeys(CELLS[:-1], 100)
    one, other = (estimator(c).of_counts(counts) for c in (calibration, calibration.take(doubled)))
    assert max(abs(a.share - b.share) for a, b in zip(one.cells, other.cells, strict=True)) < 0.02


def disclosed(counts, min_cell: int = 5):
    return disclose(Window(0, 900, counts), CELLS, min_cell)


def test_an_event_has_shares_of_disclosed_cells_only():
    shares = MOBILE.of_disclosed(disclosed({CELLS[3]: 9, CELLS[4]: 7, CELLS[6]: 4, CELLS[13]: 2}))
    assert [(s.band, s.gender) for s in shares.cells] == [CELLS[3], CELLS[4]]
    assert sum(s.share for s in shares.cells) < 1


@pytest.mark.parametrize("counts", [{}, {CELLS[3]: 4}, {CELLS[3]: 4, CELLS[4]: 3}])
def test_without_a_disclosed_count_there_is_no_share(counts):
    nothing = MOBILE.of_disclosed(disclosed(counts))
    assert nothing.cells == ()
    assert nothing.method == CORRECTED


def test_windows_with_the_same_disclosed_counts_have_the_same_shares():
    """However the withheld visits are distributed, a reader of the shares learns nothing about them."""
    base = {CELLS[3]: 9, CELLS[4]: 8}
    spreads = [dict(zip(CELLS[5:9], n, strict=True)) for n in itertools.product(range(4), repeat=4) if sum(n) == 6]
    windows = [disclosed(base | spread) for spread in spreads]
    assert len(windows) > 20
    for one in windows:
        assert one.counts == windows[0].counts
        assert MOBILE.of_disclosed(one) == MOBILE.of_disclosed(windows[0])


def test_a_model_without_calibration_gives_raw_shares():
    card = load_bundle("mobile").card
    old = card.model_copy(update={"calibration": {k: v for k, v in card.calibration.items() if k != KEY}})
    known = ShareEstimator.of(old, SETTINGS)
    assert known.method == RAW
    assert known.of_counts({CELLS[3]: 3, CELLS[4]: 1}) == raw_shares({CELLS[3]: 3, CELLS[4]: 1})
    assert known.of_disclosed(disclosed({CELLS[3]: 9, CELLS[4]: 7})).method == RAW


def test_bands_with_too_few_calibration_faces_give_raw_shares():
    few = faces(2, 0.0, each=1)
    assert estimate_confusion(few, AgeBands((0, 13, 90)), 13) is None
    assert MIN_FACES > 1
    assert estimate_confusion(few, AgeBands((0, 13, 40)), 13) is not None


def test_counts_of_other_bands_give_raw_shares():
    assert MOBILE.of_counts({("18-20", "female"): 4}).method == RAW


@pytest.mark.parametrize("name", ["mobile", "table1", "vgg16"])
@pytest.mark.parametrize(
    "census",
    [
        Census(),
        Census(bands=(0,)),
        Census(bands=(0, 18), no_gender_below=0),
        Census(bands=(0, 20, 40), no_gender_below=16),
        Census(bands=(0, 13, *range(20, 75, 5))),
    ],
    ids=["default", "one band", "two bands", "gender begins within a band", "five years"],
)
def test_the_shipped_models_know_enough_for_any_sensible_bands(name, census):
    known = ShareEstimator.of(load_bundle(name).card, census)
    assert known.method == CORRECTED
    visits = [Visit(0, 1, 1, 8.0), Visit(0, 1, 1, 17.5, None, 0.9), Visit(0, 1, 1, 71.0, None, 0.1), Visit(0, 1, 1)]
    assert known.confusion.distinct_visits(visits).counts.sum() == 4
    assert sum(s.share for s in known.of_visits(visits).cells) == pytest.approx(1)


def test_an_estimate_that_no_calibration_face_got_is_taken_as_it_is():
    # Cells 0 and 1; estimates 0 and 1, and one that no face got, with OWN_CELL_FACES only.
    groups = np.array([[1, 0, 0], [0, 1, 1]])
    found = correct_counts(np.array([0, 0, 50]), np.array([[40, 2, 0.0], [2, 40, 0.01]]), groups)
    assert found.share == pytest.approx([0, 1], abs=0.01)


@pytest.mark.parametrize("name", ["mobile", "vgg16", "table1"])
def test_shares_are_numbers_even_if_all_visits_have_the_same_age(name: str):
    """Even if hardly any calibration face was estimated at that age."""
    census = Census(bands=(0, 18, 35, 60, 80))
    shares_of = ShareEstimator.of(load_bundle(name).card, census)
    for age in range(0, 100, 3):
        visits = [Visit(0, 1, 1, float(age), None, 0.9 if age >= census.no_gender_below else None)] * 40
        found = shares_of.of_visits(visits)
        assert np.isfinite([[share.share, share.low, share.high] for share in found.cells]).all(), age
