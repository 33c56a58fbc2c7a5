"""Reads the file as TOML. For every line that is not valid, it says what was probably meant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any

from edge.provision.problem import Problem

MOST = 20
CURLY = "“”„‟‘’‚«»"
INVISIBLE = re.compile("[\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff]")
HEAD = re.compile(r"\s*\[\s*([\w-]+)\s*\]")
KEY = re.compile(r"\s*([\w-]+)\s*=")
PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def parse(text: str) -> tuple[dict[str, Any], list[Problem]]:
    """The values of ``text``, and a problem for each line that had to be left out.

    The parser stops at the first mistake, but people want to know all of them at once. So the line is left out and the
    rest is parsed again, as long as the rest can still be understood.
    """
    lines, problems = text.split("\n"), list[Problem]()
    while True:
        try:
            # Add the line end that may be missing after the last line, so that a mistake there has a line number, too.
            return tomllib.loads("\n".join([*lines, ""])), problems
        except (ValueError, RecursionError) as error:
            message = str(error)
        place = PLACE.search(message)
        number = int(place[1]) if place and place[1] else 0
        line = lines[number - 1] if number else ""
        if not line and problems:  # the previous mistake caused this one
            return {}, problems
        problems.append(Problem(_explain(line, PLACE.sub("", message)), number, _key(line)))
        if not line or HEAD.match(line) or line.lstrip().startswith("[") or len(problems) == MOST:
            return {}, problems
        lines[number - 1] = ""


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The line of each ``(section,)`` and ``(section, key)``, as far as they are written in the usual way."""
    numbers: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if head := HEAD.match(line):
            section = (head[1],)
            numbers.setdefault(section, number)
        elif key := KEY.match(line):
            numbers.setdefault((*section, key[1]), number)
    return numbers


def _key(line: str) -> str:
    match = KEY.match(line)
    return match[1] if match else ""


def _explain(line: str, message: str) -> str:
    """Why the parser refused this line. The text never quotes the line, which may hold a password."""
    outside = line.partition(" #")[0]
    key = _key(line) or "KEY"
    value = outside.partition("=")[2].strip()
    cases: tuple[tuple[Callable[[], bool], str], ...] = (
        (
            lambda: any(quote in outside for quote in CURLY),
            f'has curly quotes, as word processors and phones write them; use straight ones: {key} = "…"',
        ),
        (
            lambda: bool(INVISIBLE.search(re.sub(r"\"[^\"]*\"|'[^']*'", "", outside))),
            "has invisible characters, as text from a web page may have: delete the blanks in it, and type them again",
        ),
        (lambda: "twice" in message or "overwrite" in message, "is in the file a second time; delete one of them"),
        (
            lambda: "Unescaped" in message or "escape" in message,
            f"has a backslash in it: write {key} = '…' in single quotes",
        ),
        (lambda: "=" not in outside and ":" in outside, "write = in place of the colon: KEY = VALUE"),
        (lambda: line.lstrip().startswith("["), "a section is its name in brackets on a line of its own: [wifi]"),
        (lambda: "=" not in outside, "is neither [SECTION] nor KEY = VALUE; put # in front if it is a comment"),
        (lambda: not value, "has no value behind the =; write one, or put # in front of the line"),
        (lambda: value.lower() in ("true", "false", "yes", "no", "on", "off"), "write true or false, in small letters"),
        (lambda: "Unclosed array" in message, "the closing ] is missing"),
        (lambda: value[0] in "\"'" and value.count(value[0]) % 2 == 1, "the closing quote is missing"),
        (lambda: value[0] in "\"'", "has text behind the closing quote; a comment there begins with #"),
        (lambda: bool(re.fullmatch(r"-?\d+,\d+", value)), "decimals have a point: 0.5"),
        (lambda: value[0] not in "[{", f'text is written in straight quotes: {key} = "…"'),
    )
    for applies, text in cases:
        if line and applies():
            return text
    return f"not valid TOML: {message}"
