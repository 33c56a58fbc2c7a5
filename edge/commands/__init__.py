"""The subcommands, one module each: ``add`` declares the options; ``run`` imports what it needs and does the work."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.config import Settings

Commands = Any
"""What ``add_subparsers`` returns; argparse keeps its type private."""


def command(
    commands: Commands, name: str, function: Callable[[argparse.Namespace], int], about: str, **defaults: object
) -> argparse.ArgumentParser:
    """Add a subcommand and return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(function=function, **defaults)
    return parser


def add_config(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add the option ``--config FILE``."""
    parser.add_argument("--config", type=Path, required=required, metavar="FILE", help="configuration (TOML)")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the file given as ``--config``, or the defaults if there is none.

    Raises:
        BadInput: the file cannot be used.
    """
    from edge.config import Settings, load_settings

    return load_settings(options.config) if options.config else Settings()
