"""``maitred resend``: puts events that the endpoint refused back into the queue."""

from __future__ import annotations

import argparse
import sys

from edge.commands import Commands, add_config, command, settings_of


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "resend", run, "put the events that the endpoint refused for good back into the queue")
    add_config(parser, required=True)


def run(options: argparse.Namespace) -> int:
    """Queue the refused events again; returns the exit code."""
    from edge.errors import BadInput
    from edge.store import Store

    path = settings_of(options).store.path
    if not path.exists():
        raise BadInput(f"{path}: no such database; give the agent's configuration as --config")
    with Store.open(path) as store, store.transaction():
        moved = store.outbox.requeue()
    sys.stdout.write(f"{moved} events are queued again; a running agent sends them within a minute\n")
    return 0
