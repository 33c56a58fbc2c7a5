"""When windows close, and in which window a visit is."""

from __future__ import annotations

import pytest

from edge.agent.window_closer import WindowCloser
from edge.census.window import Traffic, Window
from edge.config import Settings, parse_settings
from edge.counting.visit import Visit
from edge.store import Store

HOUR = 3600.0
NOON = 1_800_000_000.0 // HOUR * HOUR
YEARS = 5 * 365 * 24 * HOUR
NOTHING = Traffic()


@pytest.fixture
def closer() -> WindowCloser:
    return WindowCloser(Settings().census, lambda window: None)


def tick(closer: WindowCloser, store: Store, now: float, total: Traffic, *, trusted: bool = True) -> list[Window]:
    closer.tick(now, total, trusted=trusted)
    return closer.close_due(store, now) if trusted else []


def count(store: Store, *moments: float) -> None:
    for moment in moments:
        store.record([Visit(moment - 5, moment - 1, 9, 30.0, (24.0, 37.0), 0.8)], moment)


def hours_and_visits(windows: list[Window]) -> list[tuple[float, int]]:
    """Start in hours after noon and number of visits, for each window."""
    return [((window.start - NOON) / HOUR, window.visits) for window in windows]


def test_a_window_closes_once_when_its_time_is_over(store: Store, closer: WindowCloser):
    assert tick(closer, store, NOON + 60, NOTHING) == []
    count(store, NOON + 100, NOON + HOUR - 1)
    assert tick(closer, store, NOON + HOUR - 0.1, NOTHING) == []
    assert hours_and_visits(tick(closer, store, NOON + HOUR + 1, NOTHING)) == [(0, 2)]
    assert tick(closer, store, NOON + HOUR + 2, NOTHING) == []


def test_a_window_has_the_frames_since_the_window_before(store: Store, closer: WindowCloser):
    tick(closer, store, NOON, NOTHING)
    (first,) = tick(closer, store, NOON + HOUR, Traffic(100, 5))
    (second,) = tick(closer, store, NOON + 2 * HOUR, Traffic(150, 5))
    assert (first.traffic, second.traffic) == (Traffic(100, 5), Traffic(50, 0))


def test_visits_left_by_an_earlier_run_get_their_own_windows(store: Store, closer: WindowCloser):
    count(store, NOON - 3 * HOUR + 10, NOON - 3 * HOUR + 20, NOON - 1, NOON + 5)
    assert hours_and_visits(tick(closer, store, NOON + 10, NOTHING)) == [(-3, 2), (-1, 1)]
    assert hours_and_visits(tick(closer, store, NOON + HOUR, NOTHING)) == [(0, 1)]


def test_no_window_closes_while_the_time_is_unknown(store: Store, closer: WindowCloser):
    for hour in range(5):
        count(store, NOON + hour * HOUR)
        assert tick(closer, store, NOON + hour * HOUR, NOTHING, trusted=False) == []
    closed = tick(closer, store, NOON + 4.5 * HOUR, NOTHING)
    assert hours_and_visits(closed) == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert hours_and_visits(tick(closer, store, NOON + 5 * HOUR, NOTHING)) == [(4, 1)]


def test_a_window_that_cannot_be_stored_is_closed_later_with_its_own_frames(store: Store):
    full = [True]

    def event_of(window: Window) -> None:
        if full[0]:
            raise OSError("disk full")

    closer = WindowCloser(Settings().census, event_of)
    tick(closer, store, NOON, NOTHING)
    count(store, NOON + 1)
    with pytest.raises(OSError, match="disk full"):
        tick(closer, store, NOON + HOUR, Traffic(100, 5))
    full[0] = False
    (window,) = tick(closer, store, NOON + HOUR + 5, Traffic(120, 6))
    assert (hours_and_visits([window]), window.traffic) == ([(0, 1)], Traffic(100, 5))


@pytest.mark.parametrize("leap", [pytest.param(YEARS, id="ahead"), pytest.param(-YEARS, id="back")])
@pytest.mark.parametrize("stay_s", [10.0, 2.5 * HOUR])
def test_no_visit_is_lost_or_doubled_if_the_clock_jumps(store: Store, closer: WindowCloser, leap: float, stay_s: float):
    """The clock is right, then wrong by years for a while, then right again; a visit a minute all the time."""
    counted, closed = 0, []
    for minute in range(60 * 8):
        true_now = NOON + 60 * minute
        wrong = leap if 90 * 60 <= 60 * minute < 90 * 60 + stay_s else 0.0
        now = true_now + wrong
        store.follow_clock("boot", now - 60 * minute, now)
        count(store, now)
        counted += 1
        closed += tick(closer, store, now, NOTHING)
    left = len(store.visits.uncounted_before(1e12))
    assert sum(window.visits for window in closed) + left == counted
    assert left <= 60


def test_a_window_closed_after_a_month_in_a_drawer_is_not_too_old_to_be_sent(store: Store):
    settings = parse_settings({"store": {"keep_outbox_days": 30}}, "test")
    closer = WindowCloser(settings.census, lambda window: (f"event {window.visits}", "{}"))
    count(store, NOON - 60 * 24 * HOUR)
    tick(closer, store, NOON, NOTHING)
    assert store.prune(NOON + 60, settings.store) == 0
    assert [event.id for event in store.outbox.next(9)] == ["event 1"]
