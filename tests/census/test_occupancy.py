"""How many people are inside, and since when they are counted."""

from __future__ import annotations

import random
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from edge.census.occupancy import MAX_ENTRIES_WITHOUT_EXIT, Occupancy, last_reset, most_inside, occupancy

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("directions", "inside"),
    [
        pytest.param([], 0, id="nobody"),
        pytest.param(["in", "in", "out"], 1, id="two-came-one-left"),
        pytest.param(["out", "out", "in"], 1, id="never-below-zero"),
        pytest.param(["in"] * (MAX_ENTRIES_WITHOUT_EXIT - 1), MAX_ENTRIES_WITHOUT_EXIT - 1, id="not-yet-suspicious"),
        pytest.param(["in"] * MAX_ENTRIES_WITHOUT_EXIT, None, id="nobody-is-seen-leaving"),
        pytest.param(["in"] * MAX_ENTRIES_WITHOUT_EXIT + ["out"], MAX_ENTRIES_WITHOUT_EXIT - 1, id="somebody-is"),
        pytest.param(["out"] * 50, 0, id="only-exits"),
    ],
)
def test_the_occupancy_is_entries_less_exits(directions, inside):
    found = occupancy(directions, 5.0)

    assert found == Occupancy(5.0, directions.count("in"), directions.count("out"), inside)


@pytest.mark.parametrize(
    ("now", "reset", "since"),
    [
        pytest.param("2026-05-12T12:00+02:00", "04:00", "2026-05-12T04:00+02:00", id="today"),
        pytest.param("2026-05-12T03:59+02:00", "04:00", "2026-05-11T04:00+02:00", id="yesterday"),
        pytest.param("2026-05-12T04:00+02:00", "04:00", "2026-05-12T04:00+02:00", id="this-moment"),
        pytest.param("2026-05-12T00:30+02:00", "00:00", "2026-05-12T00:00+02:00", id="midnight"),
        pytest.param("2026-03-29T03:59+02:00", "04:00", "2026-03-28T04:00+01:00", id="23-hours"),
        pytest.param("2026-03-29T12:00+02:00", "02:30", "2026-03-29T03:30+02:00", id="a-time-that-spring-skips"),
        pytest.param("2026-10-25T12:00+01:00", "04:00", "2026-10-25T04:00+01:00", id="after-autumn"),
        pytest.param("2026-10-25T02:45+01:00", "02:30", "2026-10-25T02:30+02:00", id="a-time-that-autumn-repeats"),
    ],
)
def test_the_count_starts_at_the_last_reset_of_the_local_clock(now: str, reset: str, since: str):
    moment = datetime.fromisoformat(now).timestamp()

    found = last_reset(moment, time.fromisoformat(reset), PARIS)

    assert found == datetime.fromisoformat(since).timestamp()


def test_the_highest_occupancy_is_the_same_as_counted_minute_by_minute():
    """Compared with a count of every minute of three days, among them days of 23 and 25 hours."""
    chance = random.Random(4)
    for start in ("2026-03-28T04:00+01:00", "2026-10-24T04:00+02:00"):
        begin = datetime.fromisoformat(start).timestamp()
        minutes = sorted(chance.sample(range(3 * 1440), 200))
        crossings = [(begin + 60 * minute, chance.choice(("in", "out"))) for minute in minutes]
        edges = [begin + 3600 * hour for hour in range(73)]
        at, inside, since, expected = dict(crossings), 0, begin, []
        for hour in range(72):
            levels = []
            for minute in range(60):
                now = begin + 60 * (60 * hour + minute)
                if last_reset(now, time(4), PARIS) != since:
                    since, inside = last_reset(now, time(4), PARIS), 0
                inside = max(inside + {"in": 1, "out": -1}.get(at.get(now), 0), 0)
                levels.append(inside)
            # People inside at the beginning of the hour count in it too, unless its first minute is a reset.
            expected.append(max(levels))

        assert most_inside(crossings, edges, time(4), PARIS) == expected
