"""The commands in docs/training.md and docs/conversion.md are understood by the command line."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from edge.cli import build_parser

DOCS = Path(__file__).resolve().parents[2] / "docs"


def commands() -> list[str]:
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("training.md", "conversion.md"))
    text = text.replace("\\\n", " ")
    return re.findall(r"\bmaitred (?:train|evaluate|convert) [^`\n]*--data [^`\n]*", text)


@pytest.mark.parametrize("line", commands())
def test_documented_commands_are_understood(line):
    options = build_parser().parse_args(shlex.split(line)[1:])
    assert callable(options.function)


def test_all_three_commands_are_documented():
    assert {line.split()[1] for line in commands()} == {"train", "evaluate", "convert"}
