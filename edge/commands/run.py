"""``maitred run``: runs the agent; systemd starts it so."""

from __future__ import annotations

import argparse
import logging
import signal

from edge.commands import Commands, add_config, command, settings_of


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "run", run, "run the agent: camera, models, store, uplink", log_level=logging.INFO)
    add_config(parser, required=True)


def run(options: argparse.Namespace) -> int:
    """Run the agent until SIGTERM or SIGINT; returns the exit code."""
    from edge.agent.agent import Agent

    agent = Agent(settings_of(options))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    agent.run()
    return 0
