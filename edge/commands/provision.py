"""``maitred provision``: sets the device up from ``maitred.toml`` on its boot partition, at every boot."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from edge.commands import Commands, command


def add(commands: Commands) -> None:
    """Add the subcommand."""
    about = "set the device up from maitred.toml on its boot partition (at every boot, by maitred-provision.service)"
    parser = command(commands, "provision", run, about, log_level=logging.INFO)
    parser.add_argument(
        "--boot", type=Path, default=Path("/boot/firmware"), metavar="DIR", help="folder with maitred.toml"
    )
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="root folder of the system")
    parser.add_argument(
        "--state-mount",
        action="store_true",
        help="change nothing unless /var/lib/maitred-device is a mount of its own; used on the card",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and change nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Set the device up; returns 2 if the file has mistakes, 1 if something could not be done, else 0."""
    from edge.commands.output import print_json
    from edge.errors import BadInput
    from edge.provision.run import provision
    from edge.provision.ssh import STATE

    for folder, name in ((options.boot, "--boot"), (options.root, "--root")):
        if not folder.is_dir():
            raise BadInput(f"{name} {folder}: no such folder")
    if options.root == Path("/") and os.geteuid() != 0 and not options.dry_run:
        raise BadInput("must run as root; --dry-run shows what it would do")
    for folder in (options.boot, options.root / STATE.lstrip("/")):
        if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
            raise BadInput(f"{folder}: this user may not read it; run the command as root, with sudo")
    report = provision(options.boot, options.root, dry_run=options.dry_run, state_mount=options.state_mount)
    if options.json:
        print_json({
            "ok": not (report.problems or report.failures),
            "file": report.file,
            "problems": [{"line": p.line or None, "key": p.key or None, "text": p.text} for p in report.problems],
            "failures": list(report.failures),
            "changes": list(report.changes),
            "taken_over": list(report.taken_over),
            "skipped": report.skipped,
        })  # fmt: skip
    else:
        lines = [*report.changes] or ["nothing to do"]
        if report.skipped:
            lines = [f"{report.file} is not filled in yet, and the agent was set up by hand: nothing is changed"]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    for problem in report.problems:
        sys.stderr.write(f"maitred: {report.file}: {problem}\n")
    for failure in report.failures:
        sys.stderr.write(f"maitred: {failure}\n")
    return report.exit_code
