"""``maitred count``: counts the visits in a recording."""

from __future__ import annotations

import argparse
import sys

from edge.commands import Commands, add_config, command, settings_of


def add(commands: Commands) -> None:
    """Add the subcommand."""
    parser = command(commands, "count", run, "count the visits of a recording, as fast as the machine allows")
    parser.add_argument("source", metavar="SOURCE", help="video file, GIF or folder of images")
    parser.add_argument("--model", metavar="NAME|FILE", help="age and gender model")
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Count, and print visits and census; returns the exit code."""
    from edge.commands.output import census_text, print_json, progress, recording_json
    from edge.counting.recording import count_recording, open_recording

    settings = settings_of(options)
    if options.model:
        settings = settings.with_model(options.model)
    with open_recording(options.source) as recording:
        counted = count_recording(recording, settings, progress=progress("frames"))
    if options.json:
        print_json(recording_json(counted, settings))
    else:
        sys.stdout.write(census_text(counted, settings) + "\n")
    return 0
