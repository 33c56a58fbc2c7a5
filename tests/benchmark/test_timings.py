"""What is said of durations."""

from __future__ import annotations

import pytest

from edge.benchmark.timings import Timings


@pytest.mark.parametrize(
    ("seconds", "median", "p95"),
    [
        pytest.param([], 0, 0, id="none"),
        pytest.param([0.002], 2, 2, id="one"),
        pytest.param([0.001, 0.009, 0.002], 2, 8.3, id="three"),
        pytest.param([i / 1000 for i in range(101)], 50, 95, id="many"),
    ],
)
def test_median_and_95th_percentile_in_milliseconds(seconds, median, p95):
    timings = Timings(seconds)
    assert (timings.median_ms, timings.p95_ms) == (pytest.approx(median), pytest.approx(p95))


def test_each_block_is_timed_once():
    timings = Timings()
    for _ in range(3):
        with timings.one():
            pass
    assert len(timings.seconds) == 3
    assert min(timings.seconds) >= 0
