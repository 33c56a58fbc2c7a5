"""The two ways in which a command can end badly, as exceptions, and how a message names many things."""

from __future__ import annotations

from collections.abc import Iterable


class MaitredError(Exception):
    """The work failed. The message names the thing and the way out; the command exits with 1."""

    exit_code = 1


class BadInput(MaitredError):
    """What the user gave cannot be used: a file, a setting, an option. The command exits with 2."""

    exit_code = 2


def few(names: Iterable[str]) -> str:
    """The first few names, for a message."""
    names = list(names)
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
