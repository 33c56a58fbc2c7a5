"""What is known of the wall clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.system import clock


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


def test_a_boot_has_a_name_that_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert clock.boot_id() == clock.boot_id()
    monkeypatch.setattr(clock, "BOOT_ID", tmp_path / "gone")
    assert clock.boot_id() == ""
