"""A command: how many events wait to be sent."""

import argparse

from edge.commands import Commands, add_config, command, settings_of


def add(commands: Commands) -> None:
    """Add `maitred waiting`."""
    parser = command(commands, "waiting", run, "print how many events wait to be sent")
    add_config(parser, required=True)


def run(options: argparse.Namespace) -> int:
    """Print it; the exit code is 0."""
    from edge.store import Store

    with Store.open(settings_of(options).store.path, read_only=True) as store:
        print(store.outbox.state().queued)
    return 0
