"""What the machine tells about itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.dashboard.device_figures import FEW_FPS
from edge.system import machine


@pytest.mark.parametrize(
    ("content", "expected"),
    [("47850\n", 47.85), ("-2500\n", -2.5), ("\n", None), ("unknown\n", None), (None, None)],
    ids=["warm", "frosty", "empty", "no-number", "missing"],
)
def test_the_temperature_is_in_degrees_or_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, expected: float | None
):
    monkeypatch.setattr(machine, "THERMAL", tmp_path / "temp")
    if content is not None:
        (tmp_path / "temp").write_text(content)

    assert machine.temperature_c() == expected


def test_memory_is_that_of_this_process():
    # A process of its own: in one that has freed much, a new buffer lies on pages that are resident already.
    script = (
        "from edge.system import machine\n"
        "before = machine.resident_mb()\n"
        "held = bytearray(b'\\1') * (64 << 20)\n"
        "print(before, machine.resident_mb() - before, len(held))\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)

    before, grown, held = map(float, printed.stdout.split())

    assert held == 64 << 20
    assert before > 1
    assert 32 < grown < 128


@pytest.mark.parametrize(
    "content",
    [None, "Name:\tpython\n", "VmRSS:\n", "VmRSS:\tmuch kB\n"],
    ids=["missing", "no-line", "cut", "no-number"],
)
def test_memory_that_cannot_be_told_is_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None):
    monkeypatch.setattr(machine, "STATUS", tmp_path / "status")
    if content is not None:
        (tmp_path / "status").write_text(content)

    assert machine.resident_mb() == 0.0


def test_a_hot_processor_rests_until_it_is_cool_again(caplog: pytest.LogCaptureFixture):
    found = [60.0]
    throttle = machine.ThermalThrottle(lambda: found[0])
    rests = []
    for celsius in (60.0, 79.9, 80.0, 77.0, 75.0, 74.9, 79.0, None):
        found[0] = celsius
        rests.append(throttle.pause_s(len(rests) * machine.MEASURE_EVERY_S) > 0)
    assert rests == [False, False, True, True, True, False, False, False]
    assert [record.message for record in caplog.records] == ["80 °C: fewer frames are looked at", "75 °C: cool again"]


def test_the_temperature_is_not_read_for_every_frame():
    read = []
    throttle = machine.ThermalThrottle(lambda: read.append(1))
    for frame in range(100):
        throttle.pause_s(frame / 30)
    assert len(read) == 1


def test_a_rest_leaves_enough_frames_to_count_who_walks_by():
    hot = machine.ThermalThrottle(lambda: machine.HOT_C)
    looking_s = 0.05
    assert FEW_FPS <= 1 / (hot.pause_s(0.0) + looking_s) <= 5
