"""Records how maitred behaves, so that a later state of the code can be held against it.

    python -m tests.recorded.record --out tests/recorded/results.json

runs the command line as a user would, on the bundled demo clip, pictures of nobody, and the database and configuration
of the last release (``last_release/``), and writes what comes out. It takes two minutes. ``results.json`` was recorded
by version 0.1.0, and is recorded again with a release only; ``test_recorded_results.py`` holds what comes out now
against it, but for what ``meant_changes.py`` lists. To record an earlier release, copy this folder and
``tests/waiting.py`` into a checkout of it. ``--only "reports/html words"`` records a group, or one part of it, and
keeps the rest of the file: for something new to compare that the last release could do as well.

What differs from one run, machine or release to the next is taken out by name, next to the code that asks for it:
``DIFFERS_EACH_TIME`` and ``DIFFERS_BY_RELEASE`` in ``sent.py``, ``..._OF_THIS_MACHINE`` in ``shown.py``.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.recorded import counted, sent, shown
from tests.recorded.command_line import NotHere

GROUPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "bundles": counted.bundles,
    "demo": counted.demo,
    "demo clip": counted.demo_clip,
    "shared clips": counted.shared_clips,
    "long shared clip": counted.long_shared_clip,
    "faces of the demo": counted.faces_of_the_demo,
    "faces of portraits": counted.faces_of_portraits,
    "posted": sent.posted,
    "published": sent.published,
    "settings": shown.settings,
    "dashboard": shown.dashboard,
    "reports": shown.reports,
}
"""What is recorded, in groups of parts that are made together."""
WIDTH = 120


def present(group: str) -> dict[str, Any]:
    """The parts of a group as they are now.

    Raises:
        NotHere: something that it needs is not on this machine.
    """
    with tempfile.TemporaryDirectory(prefix="maitred-recorded-") as folder:
        return GROUPS[group](Path(folder))


def where() -> dict[str, str]:
    """What floats may depend on, and the release."""
    return {"release": version("maitred"), "machine": platform.machine()}


def as_text(value: Any, indent: int = 0) -> str:
    """As JSON, with a line for each thing that fits on one: a diff of it can be read."""
    short = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if indent + len(short) <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return short
    margin = " " * (indent + 1)
    if isinstance(value, dict):
        names = [json.dumps(name, ensure_ascii=False) for name in value]
        parts = [f"{name}: {as_text(each, indent + 1)}" for name, each in zip(names, value.values(), strict=True)]
        return "{\n" + ",\n".join(margin + part for part in parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(margin + as_text(each, indent + 1) for each in value) + "\n" + " " * indent + "]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, and tell how long each group took."""
    parser = argparse.ArgumentParser(prog="python -m tests.recorded.record", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--only", action="append", metavar="GROUP[/PART]", help="keep the rest of the file as it is")
    options = parser.parse_args(arguments)
    unknown = [wanted for wanted in options.only or () if wanted.partition("/")[0] not in GROUPS]
    if unknown:
        parser.error(f"no group {', '.join(unknown)}; there are: {', '.join(GROUPS)}")
    if options.only and not options.out.exists():
        parser.error(f"{options.out}: no such file, of which --only could keep the rest")
    results: dict[str, Any] = {}
    if options.only:
        results = json.loads(options.out.read_text(encoding="utf-8"))
    else:
        results["recorded with"] = where()
    for wanted in options.only or GROUPS:
        group, _, part = wanted.partition("/")
        began = time.monotonic()
        try:
            found = present(group)
        except NotHere as error:
            parser.error(f"{group}: {error}; with --only the others can be recorded")
        if part and part not in found:
            parser.error(f"no part {part!r} in {group}; there are: {', '.join(found)}")
        results[group] = results[group] | {part: found[part]} if part else found
        sys.stderr.write(f"{wanted}: {time.monotonic() - began:.1f} s\n")
    options.out.write_text(as_text(results) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
