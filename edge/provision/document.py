"""The file on the boot partition. It may come from any computer, and have any of the names that editors give it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from edge.provision.problem import Problem

NAME = "maitred.toml"
MAX_BYTES, MAX_LINE = 64 << 10, 2000
"""The same limits as for the agent's configuration, whose module needs more than the standard library."""
NAMES = (NAME, "maitred.toml.txt", "maitred.txt", "maitred.toml.toml")
"""Names that are accepted: Windows hides the ending of a name, and Notepad adds one of its own."""
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Document:
    """A file's text with its line ends unchanged, its encoding, and its byte order mark."""

    path: Path
    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """``text`` in this file's encoding, with its byte order mark."""
        return self.mark + text.encode(self.encoding)


class Unreadable(Exception):
    """There is a file, but it holds no usable text."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@cache
def template() -> str:
    """The file with which a device starts; most of its lines are commented out."""
    return (package_files("edge.provision") / NAME).read_text(encoding="utf-8")


def find(boot: Path) -> Document | None:
    """The file in the folder ``boot``; None if there is none.

    Raises:
        Unreadable: there are several, or the file is too long, empty, or not text.
        OSError: the folder or the file cannot be read.
    """
    try:
        paths = sorted(path for path in boot.iterdir() if path.name.lower() in NAMES and path.is_file())
    except FileNotFoundError:
        return None
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise Unreadable(Problem(f"there are {names}; keep the one that is meant and delete the other"))
    return read(paths[0]) if paths else None


def read(path: Path) -> Document:
    """The file at ``path``.

    Raises:
        Unreadable: it is too long, empty, or not text.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(2 * MAX_BYTES + 1)  # two bytes a character
    mark, encoding = next(((mark, name) for mark, name in MARKS if content.startswith(mark)), (b"", ""))
    if not encoding:  # an editor may leave the mark out; only UTF-16 text has zero bytes
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be" if content[:1] == b"\0" else "utf-8"
    body = content.removeprefix(mark)
    if not body.strip(b"\0 \t\r\n"):
        raise Unreadable(Problem("the file is empty; delete it to get a new one to fill in"))
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        way_out = 'is not saved as UTF-8; in Notepad: "Save as", "Encoding: UTF-8"'
        raise Unreadable(Problem(f"a letter with an accent or umlaut {way_out}", line)) from None
    if len(content) > MAX_BYTES * (1 if encoding == "utf-8" else 2) or max(map(len, text.splitlines())) > MAX_LINE:
        raise Unreadable(Problem(f"longer than {MAX_BYTES >> 10} kB, or than {MAX_LINE} characters in a line"))
    return Document(path, text, encoding, mark)


def for_parser(text: str) -> str:
    """``text`` with the line ends of TOML."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
