"""What is meant to come out otherwise than at the last release, value by value: anything else that differs is a fault.

``results.json`` stays as the last release recorded it. Whoever changes behaviour on purpose adds the values that are
other ones now, and why; with the next release all is recorded again and this list is empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]
"""Names and indices from a group's document down to a value."""
GONE = object()
"""Instead of a value: there is none any more."""


def _each(paths: list[Path], value: object) -> dict[Path, object]:
    return dict.fromkeys(paths, value)


_CHILD = ("images", 4, "faces", 2)
MEANT: dict[str, dict[Path, object]] = {
    # predict gives no gender below the configured apparent age, as everything else that is shown.
    "faces of the demo": _each(
        [
            (f"predict --model {model}", *_CHILD, value)
            for model in ("mobile", "table1", "vgg16")
            for value in ("gender", "female_probability")
        ],
        None,
    ),
    # The way events take can be chosen, and may be that of a plug-in.
    "settings": _each([("default", "sink"), ("of the last release", "sink")], {"name": "", "options": {}}),
    # Plainer words.
    "dashboard": _each(
        [("words of the pages", page, "clock") for page in ("today", "health")], "no time service says how good it is"
    ),
    "reports": {
        ("html words", 10): "Ages and genders are estimates from appearance, and all counts are as the model gave them."
        " A visit is somebody in view for a while: anyone who comes twice is counted twice. “Unknown” gender: children,"
        " and faces that were never clear enough. “–”: not given, or no longer stored. Small counts are shown; withhold"
        " them before you publish this page."
    },
}


def expected(recorded: dict[str, Any], changes: Mapping[Path, object]) -> dict[str, Any]:
    """What should come out now, of a group that was recorded.

    Raises:
        ValueError: a change is none: that very value was recorded.
    """
    document: dict[str, Any] = json.loads(json.dumps(recorded))
    for path, value in changes.items():
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        name = path[-1]
        is_new = isinstance(node, dict) and name not in node
        if not is_new and node[name] == value:
            raise ValueError(f"{path}: {value!r} was recorded, so nothing changes")
        if value is GONE:
            del node[name]
        else:
            node[name] = value
    return document
