"""A drawing of the frame. It helps to place the line or zone, because there is no picture to draw them on."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from edge.config.entrance import Entrance, Point
from edge.counting.boundary import Line, Size, boundary_of
from edge.counting.heatmap import COLUMNS, ROWS, Heatmap
from edge.dashboard.charts import FONT, Canvas, palette

MARGIN = 34
"""Space for the scale around the frame, in CSS pixels."""
DRAWING_SIZES = {"wide": Canvas(640, 390), "narrow": Canvas(350, 227)}
"""Sizes for a frame of 16:9. For other frames the height follows from the frame's shape."""
STYLE = f"""
text {{ font: 13px {FONT}; fill: var(--muted); }}
.frame {{ fill: var(--paper); stroke: var(--muted); }}
.scale {{ stroke: var(--line); }}
.began {{ fill: var(--accent); fill-opacity: .55; }}
.ended {{ fill: none; stroke: var(--female); stroke-width: 3; }}
.line {{ stroke: var(--ink); stroke-width: 4; stroke-linecap: round; fill: none; }}
.arrow {{ fill: var(--ink); }}
.zone {{ stroke: var(--ink); stroke-width: 3; fill: var(--accent); fill-opacity: .1; }}
.staff {{ stroke: var(--muted); stroke-width: 3; stroke-dasharray: 7 6; fill: none; }}
.name {{ fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }}
"""


def entrance_drawing(entrance: Entrance, heatmap: Heatmap, size: str = "wide") -> bytes:
    """An SVG document in UTF-8: the frame with a scale of fractions, the line or zone, the staff zone, the heatmap."""
    canvas = DRAWING_SIZES[size]
    width = canvas.width - 2 * MARGIN
    height = round(width * heatmap.height / heatmap.width)
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {canvas.width} {height + 2 * MARGIN}")
    SubElement(root, "title").text = "The entrance, and where faces appear and disappear"
    SubElement(root, "style").text = palette() + STYLE
    frame = SubElement(root, "g", transform=f"translate({MARGIN} {MARGIN})")
    SubElement(frame, "rect", {"class": "frame", "width": str(width), "height": str(height)})
    _scale(frame, (width, height))
    _heatmap(frame, heatmap, (width, height))
    _zone(frame, entrance.zone, "zone", "inside", (width, height))
    _zone(frame, entrance.staff_zone, "staff", "staff", (width, height))
    boundary = boundary_of(entrance, (width, height))
    if isinstance(boundary, Line):
        _line(frame, boundary)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _scale(frame: Element, size: Size) -> None:
    for tenth in range(0, 11, 2):
        x, y, label = size[0] * tenth / 10, size[1] * tenth / 10, f"{tenth / 10:g}"
        SubElement(frame, "path", {"class": "scale", "d": f"M{x:.1f} 0V{size[1]}M0 {y:.1f}H{size[0]}"})
        SubElement(frame, "text", {"x": f"{x:.1f}", "y": "-9", "text-anchor": "middle"}).text = label
        if tenth:
            SubElement(frame, "text", {"x": "-8", "y": f"{y + 5:.1f}", "text-anchor": "end"}).text = label


def _zone(frame: Element, corners: Sequence[Point], kind: str, name: str, size: Size) -> None:
    if not corners:
        return
    places = [(x * size[0], y * size[1]) for x, y in corners]
    SubElement(frame, "polygon", {"class": kind, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in places)})
    lowest = max(places, key=lambda place: (place[1], -place[0]))
    x, y = min(max(lowest[0], 0), size[0] - 60), min(max(lowest[1], 20), size[1])
    SubElement(frame, "text", {"class": "name", "x": f"{x + 8:.1f}", "y": f"{y - 9:.1f}"}).text = name


def _line(frame: Element, line: Line) -> None:
    (x1, y1), (x2, y2), (inner_x, inner_y) = line.start, line.end, line.inner
    SubElement(frame, "path", {"class": "line", "d": f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"})
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    # The arrow is as wide as it is long, and its back is on the line.
    back = [(x - 11 * inner_y, y + 11 * inner_x), (x + 11 * inner_y, y - 11 * inner_x)]
    places = [*back, (x + 22 * inner_x, y + 22 * inner_y)]
    SubElement(frame, "polygon", {"class": "arrow", "points": " ".join(f"{a:.1f},{b:.1f}" for a, b in places)})
    name = {"class": "name", "x": f"{x + 40 * inner_x:.1f}", "y": f"{y + 40 * inner_y + 5:.1f}"}
    SubElement(frame, "text", {**name, "text-anchor": "middle"}).text = "inside"


def _heatmap(frame: Element, heatmap: Heatmap, size: Size) -> None:
    field = size[0] / COLUMNS, size[1] / ROWS
    largest = 0.48 * min(field)
    for kind, counts in (("began", heatmap.began), ("ended", heatmap.ended)):
        most = max(counts) or 1
        for index, count in enumerate(counts):
            if count:
                row, column = divmod(index, COLUMNS)
                place = {"cx": f"{(column + 0.5) * field[0]:.1f}", "cy": f"{(row + 0.5) * field[1]:.1f}"}
                # The area is proportional to the count, but a single visit can still be seen.
                radius = max(largest * (count / most) ** 0.5, 3)
                SubElement(frame, "circle", {"class": kind, **place, "r": f"{radius:.1f}"})
