"""``maitred doctor``: checks whether everything is there that the agent needs."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from edge.commands import Commands, add_config, command, settings_of

MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(
        commands, "doctor", run, "check camera, models, entrance, clock, disk, memory, temperature and endpoint"
    )
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Check, and print what was found; returns 1 if a check failed, else 0."""
    from edge.agent.doctor import run_checks
    from edge.commands.output import print_json

    checks = []
    for check in run_checks(settings_of(options)):
        checks.append(check)
        if not options.json:
            way_out = f"\n{'':27}-> {check.way_out}" if check.way_out else ""
            sys.stdout.write(f"{MARKS[check.verdict]} {check.name:19}{check.found}{way_out}\n")
    failed = any(check.verdict == "failure" for check in checks)
    if options.json:
        print_json({"ok": not failed, "checks": [dataclasses.asdict(check) for check in checks]})
    return 1 if failed else 0
