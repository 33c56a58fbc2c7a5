"""kill -9 of a real agent at a few random moments; ``python -m tests.soak`` does it 200 times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = 3


def test_no_window_is_lost_or_doubled_when_the_agent_is_killed(tmp_path: Path):
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "tests.soak", "--kills", str(KILLS), "--histories", "0", "--windows", "0"]
    done = subprocess.run(
        [*command, "--no-writes", "--seed", "5", "--json", str(report)],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())["kill -9"]
    assert found["kills"] == KILLS
    assert found["windows"] >= 4 * KILLS
    assert found["events received"] == found["windows"]
    assert (found["windows lost"], found["windows doubled"], found["events altered"]) == (0, 0, 0)
