"""``maitred receive``: runs an endpoint that receives events."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from edge.commands import Commands, command


def add(commands: Commands) -> None:
    """Add the subcommand."""
    about = "receive events: a small endpoint, to try things out and to compare other implementations with"
    parser = command(commands, "receive", run, about, log_level=logging.INFO)
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, metavar="P", help="port (8080; 0 picks a free one)")
    parser.add_argument(
        "--database", default="census.db", metavar="D", help="SQLite file (census.db) or postgresql://user@host/name"
    )
    parser.add_argument(
        "--secret-file", type=Path, required=True, metavar="FILE", help="signing secrets (whsec_…), one per line"
    )


def run(options: argparse.Namespace) -> int:
    """Receive events until SIGTERM or SIGINT; returns the exit code."""
    from cloud.receiver.app import create_app
    from cloud.receiver.archive import Archive
    from cloud.receiver.request import RequestCheck
    from cloud.receiver.server import Server
    from edge.uplink.secret import read_secrets

    app = create_app(RequestCheck(read_secrets(options.secret_file)), Archive.open(options.database))
    server = Server(app, options.host, options.port)
    sys.stderr.write(f"receiving at {server.url}\n")
    server.run()
    return 0
