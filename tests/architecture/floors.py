"""The order of maitred's packages. An import may only go down: to a package on a lower floor, never to the same one.

The picture in docs/architecture.md is drawn from this table and from the imports; test_boundaries.py holds one against
the other. A new package gets its place here first.
"""

from __future__ import annotations

MAY_USE = {
    "convert": {"training", "edge"},
    "training": {"edge"},
    "cloud": {"edge"},
    "edge": set(),
}
"""Top-level folder -> the other top-level folders whose code it may import."""

FLOORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "convert": (("convert",),),
    "training": (
        ("training.cli",),
        ("training.fit", "training.detector"),
        ("training.evaluation", "training.simulation"),
        ("training.networks", "training.rendering"),
        ("training.data",),
        ("training.recipe", "training.requirements", "training.script"),
    ),
    "cloud": (("cloud.receiver",),),
    "edge": (
        ("edge.cli", "edge"),
        ("edge.commands",),
        ("edge.agent", "edge.provision", "edge.update", "edge.benchmark", "edge.demo"),
        ("edge.dashboard", "edge.api"),
        ("edge.uplink", "edge.reports"),
        ("edge.store",),
        ("edge.census",),
        ("edge.counting",),
        ("edge.tracking",),
        ("edge.vision",),
        ("edge.cameras", "edge.config"),
        ("edge.system",),
        ("edge.errors", "edge.labels"),
    ),
}
"""Top-level folder -> its floors, the highest first; each floor the packages on it, from left to right.

A module that stands directly in a folder with sub-packages, such as ``edge.errors``, has a place of its own. ``edge``
is what ``import edge`` offers; it loads each name when it is first used.
"""

ENTRANCES = {"edge", "edge.cli", "training.cli", "convert"}
"""Packages that people enter by, so that nothing of ours needs to import them."""


def floor_of() -> dict[str, int]:
    """Package -> its floor within its top-level folder, counted from 0 at the bottom."""
    return {
        package: len(floors) - 1 - index
        for floors in FLOORS.values()
        for index, floor in enumerate(floors)
        for package in floor
    }
