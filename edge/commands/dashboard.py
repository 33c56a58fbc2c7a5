"""``maitred dashboard``: the web pages, a process of its own."""

from __future__ import annotations

import argparse
import logging
import sys

from edge.commands import Commands, add_config, command, settings_of


def add(commands: Commands) -> None:
    """Add the subcommand."""
    about = "serve the dashboard (reads the database; has no camera and no upload secret)"
    parser = command(commands, "dashboard", run, about, log_level=logging.INFO)
    add_config(parser, required=True)


def run(options: argparse.Namespace) -> int:
    """Do it, until SIGTERM or SIGINT."""
    from edge.dashboard import serve

    def ready(url: str) -> None:
        sys.stderr.write(f"dashboard at {url}\n")

    serve(settings_of(options), ready)
    return 0
