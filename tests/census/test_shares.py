"""Shares and their intervals."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from edge.census.shares import LEVEL, METHOD, shares

F, M, U = ("18+", "female"), ("18+", "male"), ("unknown", "unknown")


@pytest.mark.parametrize("counts", [{F: 3, M: 9}, {F: 1}, {F: 0, M: 40, U: 2}, {F: 1000, M: 1}])
def test_intervals_are_those_of_wilson(counts):
    total = sum(counts.values())
    for share, n in zip(shares(counts), counts.values(), strict=True):
        interval = binomtest(n, total).proportion_ci(LEVEL, method="wilson")
        assert share.share == n / total
        assert (share.low, share.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
        assert 0 <= share.low <= share.share <= share.high <= 1


def test_shares_are_of_the_given_total():
    (share,) = shares({F: 5}, 20)
    assert (share.band, share.gender, share.share) == ("18+", "female", 0.25)


@pytest.mark.parametrize(("counts", "visits"), [({}, None), ({F: 0}, None), ({}, 0), ({F: 0}, 0)])
def test_there_are_no_shares_of_nobody(counts, visits):
    assert shares(counts, visits) == []


def test_more_visits_make_the_interval_narrower():
    (few, _), (many, _) = shares({F: 5, M: 5}), shares({F: 500, M: 500})
    assert many.high - many.low < few.high - few.low


def test_uncorrected_shares_are_not_called_corrected():
    assert METHOD == "raw"
