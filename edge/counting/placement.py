"""Is the entrance drawn where somebody can cross it, and does anybody?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from edge.config.entrance import Entrance, Point
from edge.counting.visit import Direction

ENOUGH = 20
"""So many visits without a crossing say that the line is in the wrong place."""
SHORTEST = 0.1
"""Length of a line's part within the frame, in widths or heights of it, below which people pass beside it."""
EDGE = 0.05
"""A line this near to an edge along its whole length has faces on one side only: cut faces are not found."""
SMALLEST, LARGEST = 0.01, 0.95
"""Share of the frame that a zone may cover: nobody stands in less, nobody comes from outside of more."""
_FINE = 1000
"""Steps across the frame in which lines are cut and areas are measured."""


@dataclass(frozen=True)
class Placement:
    """A verdict in words; ``way_out`` is empty where all is well."""

    verdict: Literal["ok", "warning"]
    found: str
    way_out: str = ""


def judge(entrance: Entrance, latest: Sequence[Direction | None] | None) -> Placement:
    """``latest``: directions of the newest visits (ENOUGH of them are needed) since the entrance was drawn like this;
    None if the agent has not run with it."""
    if not entrance.drawn:
        return Placement("ok", "no line or zone is drawn: visits have no direction")
    name = "zone" if entrance.zone else "line"
    fault = _zone_fault(entrance.zone) if entrance.zone else _line_fault(entrance.line)
    if fault:
        return Placement("warning", fault, f"draw the {name} anew: docs/entrance.md, [entrance] {name}")
    if latest is None:
        return Placement("warning", f"the agent has not run with this {name} yet", "systemctl restart agent")
    ins, outs = latest.count("in"), latest.count("out")
    if ins + outs:
        return Placement("ok", f"of the last {len(latest)} visits {ins} came in and {outs} went out")
    if len(latest) < ENOUGH:
        return Placement("ok", f"a {name} is drawn; {len(latest)} visits since then, too few to judge it by")
    return Placement(
        "warning",
        f"none of the last {len(latest)} visits crossed the {name}",
        f"move the {name} to where faces pass, or the camera back to where it was: the dashboard's Device page shows"
        " where faces appear and vanish (docs/entrance.md)",
    )


def _line_fault(line: Sequence[Point]) -> str:
    (x1, y1), (x2, y2) = np.rint(np.array(line) * _FINE).astype(int).tolist()
    hits, first, second = cv2.clipLine((0, 0, _FINE + 1, _FINE + 1), (x1, y1), (x2, y2))
    if not hits:
        return "the line lies outside of the frame: nobody can cross it"
    (left, top), (right, bottom) = np.array(first) / _FINE, np.array(second) / _FINE
    if np.hypot(right - left, bottom - top) < SHORTEST:
        return (
            f"only {100 * np.hypot(right - left, bottom - top):.0f} % of the frame's size of the line lies within it:"
            " people pass beside it"
        )
    for edge, ends in {
        "left": (left, right), "right": (1 - left, 1 - right), "upper": (top, bottom), "lower": (1 - top, 1 - bottom),
    }.items():  # fmt: skip
        if max(ends) <= EDGE:
            return f"the line runs along the {edge} edge of the frame: no whole face is ever seen beyond it"
    return ""


def _zone_fault(zone: Sequence[Point]) -> str:
    frame = np.zeros((_FINE // 5, _FINE // 5), np.uint8)
    cv2.fillPoly(frame, [np.rint(np.array(zone) * _FINE / 5).astype(np.int32)], 1)
    share = float(frame.mean())
    if share < SMALLEST:
        return f"the zone covers {100 * share:.1f} % of the frame: nobody is ever within it"
    if share > LARGEST:
        return "the zone covers the whole frame: nobody is ever seen outside of it"
    return ""
