"""What is said of a day of visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from edge.census.age_bands import AgeBands
from edge.counting.visit import Visit
from edge.dashboard.day import BandCount, Day
from edge.dashboard.localtime import day_bounds, hours_of
from edge.store import StoredVisit

BANDS = AgeBands((0, 13, 18, 35))
PARIS = ZoneInfo("Europe/Paris")


def day_of(*visits: tuple[float, float | None, float | None], on: date = date(2026, 5, 12)) -> Day:
    """A day with visits given as (hours after midnight, age, P(female))."""
    start = day_bounds(on, PARIS)[0]
    stored = [
        StoredVisit(
            number, start + 3600 * hour, Visit(start + 3600 * hour - 5, start + 3600 * hour, 9, age, None, female)
        )
        for number, (hour, age, female) in enumerate(visits, 1)
    ]
    return Day(on, PARIS, BANDS, stored)


@dataclass(frozen=True)
class Said:
    mean_age: float | None
    female_share: float | None
    gendered: int
    peak: str | None


@pytest.mark.parametrize(
    ("visits", "said"),
    [
        pytest.param([], Said(None, None, 0, None), id="nobody"),
        pytest.param([(12.5, 40.0, 0.9)], Said(40.0, 1.0, 1, "12:00"), id="one-woman"),
        pytest.param([(12.5, 40.0, 0.9), (13.0, 20.0, 0.1)], Said(30.0, 0.5, 2, "12:00"), id="earliest-of-equal-peaks"),
        pytest.param([(9.0, 8.0, None), (9.1, 32.0, 0.2)], Said(20.0, 0.0, 1, "09:00"), id="child-has-age-no-gender"),
        pytest.param([(9.0, None, None)], Said(None, None, 0, "09:00"), id="never-classified"),
        pytest.param([(0.0, 20.0, 0.5), (23.999, 30.0, 0.4)], Said(25.0, 0.5, 2, "00:00"), id="edges-of-the-day"),
    ],
)
def test_a_day_in_one_line(visits: list[tuple[float, float | None, float | None]], said: Said):
    summary = day_of(*visits).summary

    assert summary.visits == len(visits)
    assert (
        Said(summary.mean_age, summary.female_share, summary.gendered, summary.peak.label if summary.peak else None)
        == said
    )


def test_the_pyramid_holds_every_visit_once():
    day = day_of((9, 12.9, None), (9, 13.0, 0.6), (10, 34.9, 0.4), (11, 80.0, 0.5), (12, 80.0, 0.1), (13, None, None))

    assert day.pyramid == (
        BandCount("0-12", 0, 0, 1),
        BandCount("13-17", 1, 0, 0),
        BandCount("18-34", 0, 1, 0),
        BandCount("35+", 1, 1, 0),
        BandCount("unknown", 0, 0, 1),
    )
    assert sum(row.total for row in day.pyramid) == len(day.visits)


def test_a_pyramid_without_ageless_visits_has_no_row_for_them():
    assert [row.band for row in day_of((9, 20.0, 0.6)).pyramid] == ["0-12", "13-17", "18-34", "35+"]


@pytest.mark.parametrize(
    ("on", "zone", "hours", "sample"),
    [
        pytest.param(date(2026, 5, 12), "Europe/Paris", 24, ["00:00", "01:00", "02:00"], id="plain"),
        pytest.param(date(2026, 3, 29), "Europe/Paris", 23, ["00:00", "01:00", "03:00"], id="clocks-go-forward"),
        pytest.param(
            date(2026, 10, 25), "Europe/Paris", 25, ["00:00", "01:00", "02:00 CEST", "02:00 CET"], id="clocks-go-back"
        ),
        pytest.param(date(2026, 5, 12), "Asia/Kolkata", 24, ["00:00", "01:00"], id="half-hour-offset"),
    ],
)
def test_hours_of_a_day(on: date, zone: str, hours: int, sample: list[str]):
    start, end = day_bounds(on, ZoneInfo(zone))
    found = hours_of(start, end, ZoneInfo(zone))

    assert len(found) == hours
    assert [label for _, _, label in found][: len(sample)] == sample
    assert found[0][0] == start and found[-1][1] == end
    assert all(before[1] == after[0] for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("on", "hours"),
    [pytest.param(date(2026, 3, 29), 23, id="23-hours"), pytest.param(date(2026, 10, 25), 25, id="25-hours")],
)
def test_every_visit_of_a_day_on_which_the_clocks_change_is_in_one_hour(on: date, hours: int):
    # One visit in the middle of each hour that really passes.
    day = day_of(*[(hour + 0.5, 30.0, 0.9) for hour in range(hours)], on=on)

    assert [hour.visits for hour in day.by_hour] == [1] * hours


def test_a_day_has_a_new_version_when_a_visit_is_added_or_replaced():
    one, two = day_of((9, 20.0, 0.6)), day_of((9, 20.0, 0.6), (10, 30.0, 0.6))
    replaced = Day(one.date, one.zone, one.bands, two.visits[1:])

    assert len({one.version, two.version, replaced.version}) == 3
