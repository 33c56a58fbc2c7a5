"""Corrected shares for people: only where they say something, and not worked out at every look."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge.census.age_bands import AgeBands
from edge.census.shares.calibration import Calibration
from edge.census.shares.estimator import MIN_VISITS, Share, ShareEstimator, Shares
from edge.census.window import Window
from edge.config import Settings
from edge.config.census import Census
from edge.counting.visit import Visit
from edge.reports.likely_shares import (
    MAX_REMEMBERED,
    REFRESH_S,
    LatestShares,
    in_words,
    likely_shares,
    likely_shares_json,
)
from edge.reports.stored_range import StoredRange
from edge.vision.bundle import load_bundle

MOBILE = ShareEstimator.of(load_bundle("mobile").card, Census())


def visits(number: int) -> list[Visit]:
    """What the model said of some of its calibration faces."""
    faces = Calibration.read(load_bundle("mobile").card.calibration)
    some = faces.take(np.random.default_rng(2).permutation(len(faces))[:number])
    columns = (some.age.tolist(), some.low.tolist(), some.high.tolist(), some.probability.tolist())
    return [
        Visit(0, 6, 9, age, (low, high), None if age < 13 else female)
        for age, low, high, female in zip(*columns, strict=True)
    ]


def shown(some: list[Visit], estimator: ShareEstimator) -> Shares | None:
    return likely_shares(StoredRange(some), estimator, AgeBands(Census().bands))


def test_too_few_visits_with_an_estimate_have_no_shares():
    assert shown(visits(MIN_VISITS - 1) + [Visit(0, 1, 1)] * 20, MOBILE) is None
    assert shown(visits(MIN_VISITS), MOBILE) is not None
    assert likely_shares_json(None) is None


def test_a_party_of_children_is_not_told_to_be_women_and_men():
    children = [Visit(0, 6, 9, 7.0, (5.0, 9.0))] * MIN_VISITS
    assert shown(children, MOBILE).genders == ()
    assert shown([*children, Visit(0, 6, 9, 40.0, (33.0, 47.0), 0.9)], MOBILE).genders != ()
    assert likely_shares_json(shown(children, MOBILE))["genders"] == []


def test_a_model_whose_errors_are_not_known_has_none():
    assert shown(visits(100), ShareEstimator()) is None


def test_bands_and_genders_are_the_sums_of_their_cells():
    shares = MOBILE.of_visits([*visits(300), Visit(0, 1, 1)])
    cells = {(s.band, s.gender): s.share for s in shares.cells}
    estimated = 1 - cells["unknown", "unknown"]
    for band in shares.bands:
        of_band = sum(share for (name, _), share in cells.items() if name == band.band)
        assert band.share == pytest.approx(of_band / estimated, abs=2e-3)
    of_gender = {s.gender: sum(share for (_, name), share in cells.items() if name == s.gender) for s in shares.genders}
    for gender in shares.genders:
        assert gender.share == pytest.approx(of_gender[gender.gender] / sum(of_gender.values()), abs=5e-3)
    for group in (shares.bands, shares.genders):
        assert sum(s.share for s in group) == pytest.approx(1)
        assert all(0 <= s.low <= s.share <= s.high <= 1 for s in group)
    women = shares.genders[0]
    assert women.high - women.low < 0.25


def test_the_json_holds_bands_genders_and_cells():
    document = json.loads(json.dumps(likely_shares_json(shown(visits(90), MOBILE))))
    assert [row["band"] for row in document["bands"]][:2] == ["0-12", "13-17"]
    assert [row["gender"] for row in document["genders"]] == ["female", "male"]
    assert len(document["cells"]) == len(MOBILE.confusion.cells)
    assert set(document["cells"][0]) == {"band", "gender", "share", "low", "high"}


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ((0.243, 0.171, 0.309), ("24 %", "17–31 %")),
        ((0.004, 0.0, 0.031), ("under 1 %", "0–3 %")),
        ((0.001, 0.0, 0.004), ("under 1 %", "under 1 %")),
        ((1.0, 0.93, 1.0), ("100 %", "93–100 %")),
    ],
)
def test_a_share_in_words(share, words):
    assert in_words(Share("25-34", "all", *share)) == words


def test_they_are_worked_out_again_after_a_while_or_for_another_day():
    now = 0.0
    latest = LatestShares(Settings().demographics.model, Settings().census, lambda: now)
    assert latest.of("monday", "a", lambda: StoredRange(visits(MIN_VISITS - 1))) is None
    first = latest.of("monday", "b", lambda: StoredRange(visits(MIN_VISITS)))
    assert first is not None, "what was missing is shown as soon as it can be"
    now = REFRESH_S - 1
    assert latest.of("monday", "c", lambda: StoredRange(visits(120))) is first
    now = REFRESH_S
    second = latest.of("monday", "c", lambda: StoredRange(visits(120)))
    assert second not in (None, first)
    assert latest.of("monday", "c", lambda: StoredRange(visits(120))) is second
    assert latest.of("tuesday", "", StoredRange) is None


def test_a_day_that_has_changed_no_more_is_neither_read_nor_worked_out_again():
    now = 0.0
    latest = LatestShares(Settings().demographics.model, Settings().census, lambda: now)
    first = latest.of("monday", "a", lambda: StoredRange(visits(MIN_VISITS)))
    assert latest.of("tuesday", "a", lambda: StoredRange(visits(90))) != first

    def never() -> StoredRange:
        raise AssertionError

    now = 1000 * REFRESH_S
    assert latest.of("monday", "a", never) is first
    for number in range(MAX_REMEMBERED):
        latest.of(number, "", StoredRange)
    with pytest.raises(AssertionError):
        latest.of("monday", "a", never)


def test_visits_that_were_deleted_are_told_from_the_counts_of_their_windows():
    bands = AgeBands(Settings().census.bands)
    counts = {("25-34", "female"): 40, ("45-54", "male"): 9}
    assert likely_shares(StoredRange((), [Window(0, 900, counts)]), MOBILE, bands) is None
    counts |= {("0-12", "unknown"): 1}
    found = likely_shares(StoredRange((), [Window(0, 900, counts)]), MOBILE, bands)
    assert found == MOBILE.of_counts(counts)
    more = likely_shares(StoredRange(visits(3), [Window(0, 900, counts)]), MOBILE, bands)
    assert more not in (None, found), "visits that are left count, too"
    other = {**counts, ("0-17", "unknown"): 5}
    assert likely_shares(StoredRange((), [Window(0, 900, other)]), MOBILE, bands) is None


def test_a_model_that_cannot_be_read_leaves_the_page_without_shares(tmp_path):
    latest = LatestShares(str(tmp_path / "gone.tflite"), Settings().census)
    assert latest.of("monday", "a", lambda: StoredRange(visits(100))) is None
