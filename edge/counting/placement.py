"""Whether the entrance is drawn where people can cross it, and whether anybody does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.config.entrance import Entrance, Point
from edge.counting.visit import Direction
from edge.system.check import Check

VISITS_TO_JUDGE = 20
"""This many visits without a crossing mean that the line is in the wrong place."""
MIN_LENGTH = 0.1
"""If the part of a line that is in the frame is shorter than this (in widths or heights of it), people pass beside
it."""
EDGE_MARGIN = 0.05
"""If a line is this near to an edge along its whole length, there are faces on one side only: those cut off are not
found."""
MIN_AREA, MAX_AREA = 0.01, 0.95
"""Share of the frame that a zone may cover: nobody stands in a smaller one, and nobody enters a larger one."""
SAMPLES = 200
"""Number of points along a line, and across the frame, that are checked for lying inside."""


def check_placement(entrance: Entrance, latest: Sequence[Direction | None] | None) -> Check:
    """``latest``: directions of the newest visits (VISITS_TO_JUDGE of them are needed) since the entrance was drawn
    like this; None if the agent has not run with it.
    """
    if not entrance.drawn:
        return Check("entrance", "ok", "no line or zone is drawn: visits have no direction")
    name = "zone" if entrance.zone else "line"
    fault = _zone_fault(entrance.zone) if entrance.zone else _line_fault(entrance.line)
    if fault:
        return Check("entrance", "warning", fault, f"draw the {name} anew: docs/entrance.md, [entrance] {name}")
    if latest is None:
        return Check(
            "entrance", "warning", f"the agent has not run with this {name} yet", "restart it: systemctl restart agent"
        )
    ins, outs = latest.count("in"), latest.count("out")
    if ins + outs:
        return Check("entrance", "ok", f"of the last {len(latest)} visits {ins} came in and {outs} went out")
    if len(latest) < VISITS_TO_JUDGE:
        return Check("entrance", "ok", f"a {name} is drawn; {len(latest)} visits since then, too few to judge it by")
    return Check(
        "entrance",
        "warning",
        f"none of the last {len(latest)} visits crossed the {name}",
        f"move the {name} to where faces pass, or the camera back to where it was: the dashboard's Device page shows"
        " where faces appear and vanish (docs/entrance.md)",
    )


def _line_fault(line: Sequence[Point]) -> str:
    start, end = np.array(line)
    points = start + np.linspace(0, 1, SAMPLES)[:, None] * (end - start)
    seen = points[((points >= 0) & (points <= 1)).all(axis=1)]
    if not len(seen):
        return "the line lies outside of the frame: nobody can cross it"
    if np.hypot(*(seen[-1] - seen[0])) < MIN_LENGTH:
        return "hardly any of the line lies within the frame, or it is too short: people pass beside it"
    x, y = seen.T
    for edge, away in (("left", x), ("right", 1 - x), ("upper", y), ("lower", 1 - y)):
        if away.max() <= EDGE_MARGIN:
            return f"the line runs along the {edge} edge of the frame: no whole face is ever seen beyond it"
    return ""


def _zone_fault(zone: Sequence[Point]) -> str:
    x, y = np.meshgrid(*2 * [(np.arange(SAMPLES) + 0.5) / SAMPLES])
    within = np.zeros(x.shape, np.bool_)
    for (x1, y1), (x2, y2) in zip(zone, [*zone[1:], zone[0]], strict=True):
        if y1 != y2:  # a point is inside if a ray to its left meets an odd number of edges
            within ^= ((y1 > y) != (y2 > y)) & (x1 + (y - y1) * (x2 - x1) / (y2 - y1) < x)
    share = within.mean()
    if share < MIN_AREA:
        return "the zone covers hardly anything of the frame: nobody is ever within it"
    if share > MAX_AREA:
        return "the zone covers the whole frame: nobody is ever seen outside of it"
    return ""
