"""Messages for people about values that a section of the configuration refuses."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LONGEST_NAME = 120


def describe(fault: ErrorDetails, root: type[BaseModel]) -> str:
    """``section.key: what is wrong``. For a key that ``root`` does not know it names the nearest known one."""
    location = fault["loc"]
    name = ".".join(short(str(part)) for part in location)
    if fault["type"] != "extra_forbidden":
        return f"{name}: {fault['msg'].removeprefix('Value error, ')}"
    return f"{name}: {unknown(location, root)}"


def unknown(location: tuple[int | str, ...], root: type[BaseModel]) -> str:
    """What to say about a key that ``root`` does not know."""
    known = _keys(location[:-1], root)
    near = difflib.get_close_matches(short(str(location[-1])), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key; {hint}"


def short(text: str) -> str:
    """``text`` on one line, of printable characters, cut after LONGEST_NAME of them."""
    printable = "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
    return printable if len(printable) <= LONGEST_NAME else f"{printable[:LONGEST_NAME]}…"


def _keys(section: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    for part in section:
        annotation = model.model_fields[str(part)].annotation
        inner = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
        models = [one for one in inner if issubclass(one, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)
