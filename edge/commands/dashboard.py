"""``maitred dashboard``: serves the web pages, in a process of its own."""

from __future__ import annotations

import argparse
import getpass
import logging
import sys

from edge.commands import Commands, add_config, command, settings_of


def add(commands: Commands) -> None:
    """Add the subcommand."""
    about = "serve the dashboard (it reads the database, and has no access to the camera or the upload secret)"
    parser = command(commands, "dashboard", run, about, log_level=logging.INFO)
    add_config(parser, required=True)
    parser.add_argument(
        "--set-password",
        action="store_true",
        help="ask for a new password (or read it from standard input) and write its hash to [dashboard] password_file",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, or set the password; returns the exit code."""
    if options.set_password:
        return _set_password(options)
    from edge.dashboard import serve

    def ready(url: str) -> None:
        sys.stderr.write(f"dashboard at {url}\n")

    serve(settings_of(options), ready)
    return 0


def _set_password(options: argparse.Namespace) -> int:
    from edge.dashboard.password import save_password
    from edge.errors import BadInput

    path = settings_of(options).dashboard.password_file
    if path is None:
        raise BadInput(
            f"{options.config}: [dashboard] password_file is not set; set it to the file that shall hold the hash"
        )
    if sys.stdin.isatty():
        password = getpass.getpass("New password: ")
        if getpass.getpass("Once more: ") != password:
            raise BadInput("the two passwords differ; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    save_password(path, password)
    sys.stderr.write(f"{path} written; restart a running dashboard to use the new password\n")
    return 0
