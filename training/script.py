"""The common end of the small programs ``python -m training.…`` and ``python -m convert.…``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from edge.errors import MaitredError


def run_program(out: Path, work: Callable[[], object]) -> int:
    """Call ``work``, which writes ``out``, and print the path, or the error as ``maitred`` does; the exit code."""
    try:
        work()
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    sys.stdout.write(f"{out}\n")
    return 0
