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
    "dashboard": {
        **_each(
            [("words of the pages", page, "clock") for page in ("today", "health")],
            "no time service says how good it is",
        ),
        **_each(
            [("words of the pages", page, "sights") for page in ("today", "health")],
            "10 visits since the agent started; larger circles are more.",
        ),
        ("words of the pages", "today", "inside-note"): "people who came in, less those who went out, since 05:30",
        **{
            ("words of the metrics", f"maitred_{name}"): words
            for name, words in {
                "outbox_rejected": "Events that the endpoint refused for good and that are still stored.",
                "visits_lost_total": "Visits lost because they could not be written and memory had no room.",
                "frames_dropped_total": "Frames that were not looked at.",
                "looks_at_every": "The agent looks at one frame in this many.",
                "frame_latency_seconds": "Median time from capturing a frame to counting it.",
                "throttled": "1 while fewer frames are looked at because of heat.",
                "clock_unsynchronised": "1 while no time server has set the clock.",
                "store_failing": "1 while the database cannot be written.",
            }.items()
        },
    },
    "reports": {
        ("html words", 4): "Who came, corrected for mistakes",
        ("html words", 6): "The model mistakes some patrons for older or younger ones or for the other gender, and we"
        " know how often. “Counted” is what the model said; the likely share is corrected for these mistakes. In 19 of"
        " 20 cases the truth lies within the range, which becomes narrower with more visits. The shares of women and"
        " men are among patrons who look old enough for a gender to be given.",
        ("html words", 10): "Ages and genders are estimates from appearance, and all counts are as the model gave them."
        " A visit means that somebody was in view for a while; anyone who comes twice is counted twice. The gender is"
        " “unknown” for children and for faces that were never clear enough. “–” means that a value is not given, or no"
        " longer stored. This page shows small counts, too; withhold them before you publish it.",
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
