"""The subcommands, one file each: ``add`` describes the options, ``run`` does the work and imports what it needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.config import Settings

Commands = Any
"""What ``add_subparsers`` gives; argparse keeps its type private."""


def command(
    commands: Commands, name: str, function: Callable[[argparse.Namespace], int], about: str, **defaults: object
) -> argparse.ArgumentParser:
    """A new subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(function=function, **defaults)
    return parser


def add_config(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """``--config FILE``."""
    parser.add_argument("--config", type=Path, required=required, metavar="FILE", help="configuration (TOML)")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of ``--config``, the defaults without it.

    Raises:
        BadInput: the file cannot be used.
    """
    from edge.config import Settings, load_settings

    return load_settings(options.config) if options.config else Settings()
