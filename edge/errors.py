"""The two ways in which a command can end badly, as exceptions."""

from __future__ import annotations


class MaitredError(Exception):
    """The work failed. The message names the thing and the way out; the command exits with 1."""

    exit_code = 1


class BadInput(MaitredError):
    """What the user gave cannot be used: a file, a setting, an option. The command exits with 2."""

    exit_code = 2
