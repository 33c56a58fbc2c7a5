"""What the machine tells about itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge import machine


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
    before = machine.resident_mb()
    held = bytearray(os.urandom(1)) * (64 << 20)

    grown = machine.resident_mb() - before

    assert len(held) == 64 << 20
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
