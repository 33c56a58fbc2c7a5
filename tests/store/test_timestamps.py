"""Visits that are not in a window yet move with the clock, and retention is not misled when it jumps."""

from __future__ import annotations

import pytest

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.store import Store
from edge.store.store import DAY_S
from edge.store.timestamps import CLOCK_STEP_S, TRUSTED_DAYS_PER_DAY

YEARS = 5 * 365.25 * DAY_S
BANDS = AgeBands((0, 13))


def visit(ended_at: float) -> Visit:
    return Visit(ended_at - 5, ended_at, 9, 30.0, (24.0, 37.0), 0.8)


def times(store: Store) -> list[tuple[float, float, float]]:
    found = store.visits.between(-1e12, 1e12)
    return [(stored.visit.started_at, stored.visit.ended_at, stored.counted_at) for stored in found]


@pytest.mark.parametrize(
    ("offset", "moved_by"),
    [
        pytest.param(1000.0, 0.0, id="as it was"),
        pytest.param(1000.0 + CLOCK_STEP_S / 2, 0.0, id="slewed"),
        pytest.param(1000.0 + 60, 60.0, id="a minute ahead"),
        pytest.param(1000.0 - 60, -60.0, id="a minute back"),
        pytest.param(1000.0 + YEARS, YEARS, id="years ahead"),
        pytest.param(1000.0 - YEARS, -YEARS, id="years back"),
    ],
)
def test_visits_of_this_boot_move_with_the_clock(store: Store, offset: float, moved_by: float):
    store.follow_clock("boot", 1000.0, 1500.0)
    store.record([visit(1500.0)], 1502.0)
    assert store.follow_clock("boot", offset, offset + 510) == (1 if moved_by else 0)
    assert times(store) == [(1495.0 + moved_by, 1500.0 + moved_by, 1502.0 + moved_by)]
    assert store.follow_clock("boot", offset, offset + 520) == 0  # once


def test_visits_in_a_window_keep_their_times(store: Store):
    store.follow_clock("boot", 1000.0, 1500.0)
    store.record([visit(1500.0)], 1502.0)
    store.close_window(0, 1800, BANDS, Traffic(), lambda window: None)
    assert store.follow_clock("boot", 1060.0, 1900.0) == 0
    assert times(store) == [(1495.0, 1500.0, 1502.0)]


def test_an_event_does_not_age_by_years_when_a_wrong_clock_is_set(store: Store):
    keep = parse_settings({"store": {"keep_outbox_days": 30}}, "test").store
    store.outbox.add("before", "{}", 20_000 * DAY_S)
    store.follow_clock("boot", 20_000 * DAY_S, 20_000 * DAY_S)
    store.follow_clock("boot", 20_000 * DAY_S - YEARS, 20_000 * DAY_S - YEARS)
    store.outbox.add("meanwhile", "{}", 20_000 * DAY_S - YEARS + 60)
    store.follow_clock("boot", 20_000 * DAY_S, 20_000 * DAY_S + 120)
    assert store.prune(20_000 * DAY_S + 180, keep) == 0
    assert [event.id for event in store.outbox.next(9)] == ["before", "meanwhile"]


def test_a_jump_of_the_clock_and_its_correction_change_nothing(store: Store):
    store.follow_clock("boot", 1000.0, 1500.0)
    store.record([visit(1500.0)], 1502.0)
    store.follow_clock("boot", 1000.0 + YEARS, 1510.0 + YEARS)
    store.record([visit(1510.0 + YEARS)], 1511.0 + YEARS)
    store.follow_clock("boot", 1000.0, 1520.0)
    first, second = times(store)
    assert first == pytest.approx((1495.0, 1500.0, 1502.0), abs=1e-6)
    assert second == pytest.approx((1505.0, 1510.0, 1511.0), abs=1e-6)


def test_after_a_restart_in_the_same_boot_visits_still_move_with_the_clock(store: Store, database):
    store.follow_clock("boot", 0.0, 500.0)
    store.record([visit(500.0)], 500.0)
    with Store.open(database) as other:
        assert other.follow_clock("boot", 7000.0, 7600.0) == 1
        assert times(other) == [(7495.0, 7500.0, 7500.0)]


@pytest.mark.parametrize(
    "boot", [pytest.param("second", id="rebooted"), pytest.param("", id="boots cannot be told apart")]
)
def test_visits_of_an_earlier_boot_keep_their_time(store: Store, boot: str):
    store.follow_clock(boot and "first", 1000.0, 1500.0)
    store.record([visit(1500.0)], 1502.0)
    assert store.follow_clock(boot, 9000.0, 9100.0) == 0
    assert times(store) == [(1495.0, 1500.0, 1502.0)]


def test_visits_of_an_earlier_boot_are_not_left_in_the_future(store: Store):
    store.follow_clock("first", 1000.0 + YEARS, 1500.0 + YEARS)
    store.record([visit(1500.0 + YEARS)], 1502.0 + YEARS)
    assert store.follow_clock("second", 1990.0, 2000.0) == 1
    (found,) = times(store)
    assert found == pytest.approx((1993.0, 1998.0, 2000.0))
    window = store.close_window(1800, 2700, BANDS, Traffic(), lambda window: None)
    assert window.visits == 1


def test_a_visit_with_its_right_time_stays_beside_one_from_the_future(store: Store):
    store.follow_clock("first", 1000.0, 1500.0)
    store.record([visit(1500.0)], 1502.0)
    store.follow_clock("second", 1000.0 + YEARS, 1600.0 + YEARS)
    store.record([visit(1600.0 + YEARS)], 1602.0 + YEARS)
    assert store.follow_clock("third", 1990.0, 2000.0) == 1
    right, moved = times(store)
    assert right == (1495.0, 1500.0, 1502.0)
    assert moved == pytest.approx((1993.0, 1998.0, 2000.0))


def test_nothing_is_deleted_if_the_clock_jumps_by_years(store: Store):
    keep = parse_settings({"store": {"keep_visits_days": 90, "keep_outbox_days": 30}}, "test").store
    store.prune(1000 * DAY_S, keep, 0)
    store.record([visit(1000 * DAY_S)], 1000 * DAY_S)
    store.close_window(1000 * DAY_S - 1, 1000 * DAY_S + 1, BANDS, Traffic(), lambda window: ("id", "{}"))
    for hour in range(1, 20):
        assert store.prune(1000 * DAY_S + YEARS + 3600 * hour, keep, 3600) == 0
    assert store.prune(1001 * DAY_S, keep, 3600) == 0
    assert (len(times(store)), store.outbox.state().queued) == (1, 1)


def test_after_a_long_time_switched_off_old_visits_are_deleted_within_days(store: Store):
    keep = parse_settings({"store": {"keep_visits_days": 90, "keep_outbox_days": 30}}, "test").store
    store.prune(1000 * DAY_S, keep, 0)
    store.record([visit(1000 * DAY_S)], 1000 * DAY_S)
    store.close_window(1000 * DAY_S - 1, 1000 * DAY_S + 1, BANDS, Traffic(), lambda window: ("id", "{}"))
    runs = 1 + int(31 / TRUSTED_DAYS_PER_DAY)
    dropped = [store.prune(1100 * DAY_S + day * DAY_S, keep, DAY_S) for day in range(runs)]
    assert sum(dropped) == 1
    assert store.outbox.state().dropped == 1
