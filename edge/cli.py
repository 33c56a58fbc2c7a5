"""The command ``maitred``. Its subcommands are in :mod:`edge.commands` and in other packages that are installed."""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from edge.errors import MaitredError
from edge.system.plugins import registered
from edge.system.systemd import DiscreetFormatter, JournalFormatter, in_journal

log = logging.getLogger(__name__)
COMMANDS = (
    "benchmark",
    "bundle",
    "demo",
    "run",
    "dashboard",
    "predict",
    "count",
    "report",
    "resend",
    "doctor",
    "provision",
    "update",
)
PLUGINS = "maitred.commands"
"""Entry points of this group add subcommands, so that edge/ need not know about training, convert and cloud."""
NOT_ON_DEVICES = ("cloud", "convert", "training")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code: 0 fine, 1 the work failed, 2 bad usage or bad input."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JournalFormatter("%(name)s: %(message)s")
        if in_journal()
        else DiscreetFormatter("%(asctime)s %(levelname)s %(message)s")
    )
    level = logging.DEBUG if options.verbose else getattr(options, "log_level", logging.WARNING)
    logging.basicConfig(level=level, handlers=[handler])
    # A command must not fail only because the terminal or pipe cannot show a letter of a path, such as ą or 食.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = options.function(options)
        sys.stdout.flush()
        return int(code or 0)
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    except sqlite3.Error as error:  # the agent repairs it: see docs/reliability.md
        sys.stderr.write(
            f"maitred: the database cannot be read: {error}; the agent repairs a damaged one when it starts\n"
        )
        return 1
    except BrokenPipeError:  # the program that reads our output has ended, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The command line with all subcommands that are installed."""
    parser = argparse.ArgumentParser(
        prog="maitred",
        description="Counts patrons at a door and estimates their apparent age and gender. No image leaves the device.",
    )
    parser.add_argument("--version", action="version", version=f"maitred {version('maitred')}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log everything")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"edge.commands.{name}").add(commands)
    for plugin in sorted(registered(PLUGINS), key=lambda plugin: plugin.name):
        try:
            plugin.load()(commands)
        except Exception as error:  # a broken extra must not disable the agent's own commands
            if isinstance(error, ImportError) and error.name in NOT_ON_DEVICES:
                continue
            reason = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
            log.warning("the command %s is not available: %s", plugin.name, reason)
    return parser


if __name__ == "__main__":
    sys.exit(main())
