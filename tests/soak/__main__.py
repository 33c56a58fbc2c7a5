"""``python -m tests.soak``: what takes too long for every run of the tests. Prints a report; exits with 1 on a failure.

Bounded by its options; with the defaults some 40 minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.soak.kills import kills
from tests.soak.throughput import queue_of
from tests.soak.writes import busy_hours

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kill -9 of a real agent so many times (200; 0: none)")
    parser.add_argument("--histories", type=int, default=2000, help="histories of the model-based test (2000; 0: none)")
    parser.add_argument("--windows", type=int, default=10_000, help="length of the queue to deliver (10000; 0: none)")
    parser.add_argument("--minutes", type=float, default=120, help="stop killing after so long (120)")
    parser.add_argument("--no-writes", action="store_true", help="do not measure what is written to the disk")
    parser.add_argument("--folder", help="where the disk writes are measured: a folder on a real disk")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of all that is random")
    parser.add_argument("--json", type=Path, help="write the report to this file, too")
    options = parser.parse_args()
    parts: dict[str, tuple[bool, Callable[[], dict[str, Any]]]] = {
        "disk writes": (not options.no_writes, lambda: busy_hours(options.seed, options.folder)),
        "queue": (options.windows > 0, lambda: queue_of(options.windows)),
        "histories": (options.histories > 0, lambda: histories(options.histories)),
        "kill -9": (options.kills > 0, lambda: kills(options.kills, options.seed, options.minutes, tell)),
    }
    report: dict[str, Any] = {"seed": options.seed}
    for name, (wanted, work) in parts.items():
        if wanted:
            tell(f"{name} ...")
            report[name] = work()
            tell(json.dumps({name: report[name]}, indent=1))
            if options.json:
                options.json.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return 0 if all(part["passed"] for part in report.values() if isinstance(part, dict)) else 1


def tell(text: str) -> None:
    """Progress goes to stderr."""
    sys.stderr.write(text + "\n")


def histories(count: int) -> dict[str, Any]:
    """The model-based test with so many generated histories."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--hypothesis-show-statistics", "tests/uplink/test_exactly_once.py"],
        cwd=ROOT, env={**os.environ, "MAITRED_HISTORIES": str(count)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    run = sum(int(found) for found in re.findall(r"(\d+) passing examples", done.stdout))
    passed = done.returncode == 0 and run >= count
    shown = {} if passed else {"output": done.stdout[-4000:]}
    return {"passed": passed, "histories": run, "seconds": round(time.monotonic() - began), **shown}


if __name__ == "__main__":
    sys.exit(main())
