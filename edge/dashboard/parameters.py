"""Reads and checks query parameters; an error names the parameter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from edge.errors import BadInput

EARLIEST = date(2000, 1, 1)


class BadParameter(BadInput):
    """A query parameter cannot be used. The message begins with its name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


def integer(query: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number from ``lowest`` to ``highest``.

    Raises:
        BadParameter: the value is not such a number.
    """
    text = query.get(name)
    if text is None:
        return default
    # int() alone would accept "1_0", " 7" and digits of any script.
    if not (text.isascii() and text.isdigit() and len(text) < 10 and lowest <= int(text) <= highest):
        raise BadParameter(name, f"{text!r} is not a whole number from {lowest} to {highest}")
    return int(text)


def day(query: Mapping[str, str], name: str, default: date, latest: date) -> date:
    """A date as YYYY-MM-DD, from 2000 to ``latest``. An empty value, as forms send it, means the default.

    Raises:
        BadParameter: the value is not such a date.
    """
    text = query.get(name)
    if not text:
        return default
    try:
        value = date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else None
    except ValueError:
        value = None
    if value is None:
        raise BadParameter(name, f"{text!r} is not a date; write it as YYYY-MM-DD, for example {latest.isoformat()}")
    if not EARLIEST <= value <= latest:
        raise BadParameter(name, f"{text} is outside of {EARLIEST.isoformat()} to {latest.isoformat()} (today)")
    return value


def choice(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``; the first if the parameter is absent.

    Raises:
        BadParameter: the value is none of them.
    """
    text = query.get(name, choices[0])
    if text not in choices:
        raise BadParameter(name, f"{text!r} is not one of {', '.join(choices)}")
    return text
