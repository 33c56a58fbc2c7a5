"""What is known of the wall clock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import clock


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param([], "unknown", id="no-time-service"),
        pytest.param(["timesync"], "unsynchronised", id="not-heard-from-a-server-yet"),
        pytest.param(["timesync", "timesync/synchronized"], "synchronised", id="heard-from-a-server"),
    ],
)
def test_the_clock_is_as_good_as_the_time_service_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[str], expected: str
):
    monkeypatch.setattr(clock, "TIMESYNC", tmp_path / "timesync")
    for name in made:
        (tmp_path / name).mkdir()

    assert clock.clock_quality() == expected


def test_a_moment_of_the_monotonic_clock_gets_its_time_of_the_day(monkeypatch: pytest.MonkeyPatch):
    now = SimpleNamespace(time=lambda: 1_800_000_000.0, monotonic=lambda: 500.0)
    monkeypatch.setattr(clock, "time", now)

    assert clock.wall_time(500.0) == 1_800_000_000.0
    assert clock.wall_time(440.0) == 1_799_999_940.0


def test_a_clock_that_was_set_moves_all_moments_with_it(monkeypatch: pytest.MonkeyPatch):
    now = SimpleNamespace(time=lambda: 60.0, monotonic=lambda: 500.0)
    monkeypatch.setattr(clock, "time", now)
    before = clock.wall_time(440.0)
    now.time = lambda: 1_800_000_000.0

    assert clock.wall_time(440.0) - before == 1_799_999_940.0


def test_a_boot_has_a_name_that_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert clock.boot_id() == clock.boot_id()
    monkeypatch.setattr(clock, "BOOT_ID", tmp_path / "gone")
    assert clock.boot_id() == ""
