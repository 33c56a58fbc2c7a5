"""Counting visits into a window."""

from __future__ import annotations

import pytest

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic, cell_of, tally
from edge.counting.visit import Visit

BANDS = AgeBands((0, 13, 18, 65))


def visit(age=None, female=None, direction=None, dwell: float = 2.0) -> Visit:
    interval = None if age is None else (age - 5, age + 5)
    return Visit(100.0, 100.0 + dwell, 9, age, interval, female, direction)


@pytest.mark.parametrize(
    ("age", "female", "cell"),
    [
        (30, 0.9, ("18-64", "female")),
        (30, 0.5, ("18-64", "female")),
        (30, 0.49, ("18-64", "male")),
        (7, None, ("0-12", "unknown")),
        (None, None, ("unknown", "unknown")),
        (65, 0.0, ("65+", "male")),
    ],
)
def test_a_visit_counts_in_the_cell_of_its_band_and_gender(age, female, cell):
    assert cell_of(visit(age, female), BANDS) == cell


def test_every_visit_counts_once():
    visits = [visit(30, 0.9), visit(31, 0.8), visit(7), visit(), visit(70, 0.1)]
    window = tally(0, 900, visits, BANDS)
    assert window.counts == {
        ("18-64", "female"): 2, ("0-12", "unknown"): 1, ("unknown", "unknown"): 1, ("65+", "male"): 1,
    }  # fmt: skip
    assert window.visits == len(visits)


def test_crossings_are_counted_by_direction():
    window = tally(0, 900, [visit(direction=d) for d in ("in", "in", "out", None)], BANDS)
    assert (window.entries, window.exits, window.visits) == (2, 1, 4)


def test_dwell_quantiles_are_those_of_the_visits():
    window = tally(0, 900, [visit(dwell=float(seconds)) for seconds in range(11)], BANDS)
    assert window.dwell_s == pytest.approx((1, 5, 9))


def test_a_window_without_visits_has_no_dwell_times():
    window = tally(0, 900, [], BANDS, Traffic(90, 10))
    assert (window.visits, window.counts, window.dwell_s, window.entries) == (0, {}, None, 0)
    assert window.traffic.dropped_ratio == 0.1


def test_without_frames_the_dropped_share_is_0():
    assert Traffic().dropped_ratio == 0
