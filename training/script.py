"""What the small programs of ``python -m training.…`` and ``python -m convert.…`` have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from edge.errors import MaitredError


def run_program(out: Path, work: Callable[[], object]) -> int:
    """Do the work that writes ``out`` and print its path, or what went wrong as ``maitred`` does; the exit code."""
    try:
        work()
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    sys.stdout.write(f"{out}\n")
    return 0
