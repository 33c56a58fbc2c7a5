"""The command line as a user has it: a process of its own, in an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MAITRED = [sys.executable, "-m", "edge.cli"]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def maitred(tmp_path: Path):
    """Run a command to its end."""

    def run(*arguments: str | Path) -> Outcome:
        done = subprocess.run(
            [*MAITRED, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def start(tmp_path: Path):
    """Start a command that runs until it is told to stop; its stderr is at ``process.log``."""
    processes: list[subprocess.Popen[str]] = []

    def launch(*arguments: str | Path) -> subprocess.Popen[str]:
        log = tmp_path / f"stderr-{len(processes)}.txt"
        with log.open("w") as stderr:
            process = subprocess.Popen([*MAITRED, *map(str, arguments)], cwd=tmp_path, stderr=stderr, text=True)
        process.log = log  # type: ignore[attr-defined]
        processes.append(process)
        return process

    yield launch
    for process in processes:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
