"""``python -m tests.architecture.picture --out docs/images/architecture.svg`` draws the packages and their imports.

Each top-level folder is a frame, each floor of :mod:`tests.architecture.floors` a row, each package a box. An arrow
says that the upper package imports the lower one. Arrows that follow from others are left out: where A imports B, B
imports C and A imports C, the last one is not drawn. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from tests.architecture.floors import FLOORS
from tests.architecture.imports import NESTED, Import, between_packages, circles, modules, read_imports

Arrow = tuple[str, str]
Point = tuple[float, float]

BOX_W, BOX_H = 112, 30
STEP_X, STEP_Y = 132, 56
PAD, TITLE_H, GAP = 18, 24, 34
LEGEND_H = 52
INK, SOFT = "#1f2933", "#52606d"
COLOURS = {"edge": "#dbeafe", "training": "#dcfce7", "convert": "#fef3c7", "cloud": "#fce7f3"}
DASHES = {"start": "", "later": ' stroke-dasharray="7 4"', "types": ' stroke-dasharray="2 4"'}
ABOUT = {
    "edge": "edge: runs on the device",
    "training": "training: makes networks",
    "convert": "convert: network to bundle",
    "cloud": "cloud: the other end",
}


def main() -> None:
    """Write the picture, or print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.picture", description="draw the imports")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the picture (SVG); without it, it is printed")
    options = parser.parse_args()
    if options.out:
        options.out.write_text(picture(), encoding="utf-8")
    else:
        sys.stdout.write(picture())


def picture() -> str:
    """The SVG of the packages as they are now."""
    arrows = between_packages(read_imports(modules()))
    in_circles = circles(arrows) + circles({(_top(start), _top(end)) for start, end in arrows})
    if in_circles:
        raise SystemExit(f"packages that import each other cannot be drawn floor by floor: {in_circles}")
    return draw({ends: _when(imports) for ends, imports in arrows.items()})


def draw(arrows: Mapping[Arrow, str]) -> str:
    """An SVG of ``FLOORS`` with these arrows: (importer, imported) -> ``start``, ``later`` or ``types``."""
    boxes, frames, width, height = _lay_out()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="system-ui, sans-serif" font-size="14" role="img"',
        ' aria-label="Packages of maitred, floor by floor">',
        "<desc>Drawn by python -m tests.architecture.picture</desc>",
        f'<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{SOFT}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="10" fill="#ffffff"/>',
    ]
    for name, (x, y, w, h) in frames.items():
        parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8" fill="#f5f7fa" stroke="#cbd2d9"/>')
        parts.append(f'<text x="{x + 12}" y="{y + 18}" fill="{SOFT}" font-size="13">{escape(ABOUT[name])}</text>')
    inside = {(a, b): when for (a, b), when in arrows.items() if a in boxes and b in boxes}
    for start, end in without_implied(inside):
        if start.partition(".")[0] == end.partition(".")[0]:
            parts.append(_line(_route(start, end, boxes), inside[start, end]))
    for start, end in sorted(without_implied({(_top(a), _top(b)) for a, b in inside if _top(a) != _top(b)})):
        parts.append(_line(_between(frames[start], frames[end]), "start"))
    for package, (x, y) in boxes.items():
        fill = COLOURS[_top(package)]
        label = f"import {package}" if package in NESTED else package.partition(".")[2] or package
        parts.append(
            f'<rect x="{x - BOX_W / 2:g}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="5" fill="{fill}"'
            f' stroke="{SOFT}"/>'
            f'<text x="{x:g}" y="{y + 20}" fill="{INK}" text-anchor="middle">{escape(label)}</text>'
        )
    parts += [*_legend(height - LEGEND_H), "</svg>"]
    return "\n".join(parts) + "\n"


def without_implied(arrows: Iterable[Arrow]) -> list[Arrow]:
    """The arrows, sorted, without those whose end is reached on a longer way, too; there must be no circles."""
    onward: dict[str, set[str]] = {}
    for start, end in arrows:
        onward.setdefault(start, set()).add(end)

    def reached(node: str) -> set[str]:
        return {node}.union(*(reached(following) for following in onward.get(node, ())))

    return sorted(
        (start, end)
        for start, ends in onward.items()
        for end in ends
        if not any(end in reached(other) for other in ends - {end})
    )


def _when(imports: list[Import]) -> str:
    kinds = {each.when for each in imports}
    return next(kind for kind in ("start", "later", "types") if kind in kinds)


def _top(package: str) -> str:
    return package.partition(".")[0]


def _size(folder: str) -> tuple[int, int]:
    floors = FLOORS[folder]
    widest = max(len(floor) for floor in floors)
    return 2 * PAD + BOX_W + STEP_X * (widest - 1), TITLE_H + PAD + BOX_H + STEP_Y * (len(floors) - 1) + PAD


def _lay_out() -> tuple[dict[str, tuple[float, int]], dict[str, tuple[int, int, int, int]], int, int]:
    """Centre of each box's upper edge, frame (x, y, width, height) of each folder, and the size of the whole."""
    wide = _size("edge")[0]
    left = _size("training")[0]
    right_x = 2 * GAP + left
    total = max(wide, left + GAP + _size("cloud")[0]) + 2 * GAP
    down = GAP + _size("convert")[1] + GAP
    below = down + _size("training")[1] + GAP
    frames = {
        "convert": (GAP, GAP, left, _size("convert")[1]),
        "training": (GAP, down, left, _size("training")[1]),
        "cloud": (right_x, below - GAP - _size("cloud")[1], total - right_x - GAP, _size("cloud")[1]),
        "edge": (GAP, below, total - 2 * GAP, _size("edge")[1]),
    }
    boxes = {}
    for folder, floors in FLOORS.items():
        x, y, width, _ = frames[folder]
        for row, floor in enumerate(floors):
            for column, package in enumerate(floor):
                middle = x + width / 2 + STEP_X * (column - (len(floor) - 1) / 2)
                boxes[package] = (middle, y + TITLE_H + PAD // 2 + STEP_Y * row)
    return boxes, frames, total, below + _size("edge")[1] + GAP + LEGEND_H


def _route(start: str, end: str, boxes: Mapping[str, tuple[float, int]]) -> list[Point]:
    """From the lower edge of one box to the upper edge of another, around whatever stands between."""
    (x, top), (goal, goal_top) = boxes[start], boxes[end]
    points: list[Point] = [(x, top + BOX_H)]
    between = sorted({y for name, (_, y) in boxes.items() if top < y < goal_top and _top(name) == _top(start)})
    for y in between:
        straight = x + (goal - x) * (y - top) / (goal_top - top)
        at = _free(straight, [middle for middle, other in boxes.values() if other == y])
        points += [(at, y), (at, y + BOX_H)]
    return [*points, (goal, goal_top)]


def _free(wanted: float, taken: list[float]) -> float:
    """The place next to ``wanted`` that is in none of the boxes around these middles."""
    reach = BOX_W / 2 + 10
    places = [wanted, *(middle + side * reach for middle in sorted(taken) for side in (-1, 1))]
    free = [place for place in places if all(abs(place - middle) >= reach for middle in taken)]
    return min(free, key=lambda place: abs(place - wanted))


def _between(start: tuple[int, int, int, int], end: tuple[int, int, int, int]) -> list[Point]:
    """From the middle of one frame's lower edge straight down to another frame."""
    x = start[0] + start[2] / 2
    return [(x, start[1] + start[3]), (x, end[1])]


def _line(points: list[Point], when: str) -> str:
    path = f"M{points[0][0]:g} {points[0][1]:g}"
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        half = (y0 + y1) / 2
        path += f"C{x0:g} {half:g} {x1:g} {half:g} {x1:g} {y1:g}"
    return f'<path d="{path}" fill="none" stroke="{SOFT}" stroke-width="1.4"{DASHES[when]} marker-end="url(#head)"/>'


def _legend(y: int) -> list[str]:
    labels = (("start", "imports"), ("later", "imports when it is needed"), ("types", "names in type hints only"))
    parts, x = [], GAP
    for when, label in labels:
        parts.append(_line([(x, y + 10), (x + 34, y + 10)], when))
        parts.append(f'<text x="{x + 42}" y="{y + 15}" fill="{SOFT}" font-size="13">{label}</text>')
        x += 42 + 7 * len(label) + 24
    left_out = "An arrow that follows from others is left out."
    return [*parts, f'<text x="{GAP}" y="{y + 38}" fill="{SOFT}" font-size="13">{left_out}</text>']


if __name__ == "__main__":
    main()
