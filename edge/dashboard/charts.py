"""Charts as SVG documents without scripts. They are light or dark, as the reader's browser prefers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from edge.census.window import UNKNOWN
from edge.dashboard.day import BandCount, Hour, Summary

# The functions import pygal, because the import takes a tenth of a second, for which the pages need not wait.

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
BAND_NAMES = {UNKNOWN: "no age"}


@dataclass(frozen=True)
class Canvas:
    """Size in CSS pixels for which a chart is drawn; its text is legible if the page shows it at about that size."""

    width: int
    height: int


SIZES = ("wide", "narrow")
HOURS = {"wide": Canvas(680, 365), "narrow": Canvas(350, 230)}
PYRAMID = {"wide": Canvas(440, 330), "narrow": Canvas(350, 320)}
DAYS = {"wide": Canvas(1060, 260), "narrow": Canvas(350, 230)}


def hours_chart(hours: Sequence[Hour], size: str) -> bytes:
    """Bars of visits by hour, as an SVG document in UTF-8."""
    every = 3 if size == "wide" else 6
    marks = [hour.label for hour in hours if int(hour.label[:2]) % every == 0]
    return _bars("Visits by hour", [hour.label for hour in hours], marks, [hour.visits for hour in hours], HOURS[size])


def days_chart(days: Sequence[Summary], size: str) -> bytes:
    """Bars of visits by day, as an SVG document in UTF-8."""
    every = max(1, round(len(days) / (10 if size == "wide" else 5)))
    labels = [f"{day.date.day} {day.date:%b}" for day in days]
    return _bars("Visits by day", labels, labels[::-1][::every], [day.visits for day in days], DAYS[size])


def pyramid_chart(bands: Sequence[BandCount], size: str) -> bytes:
    """Age pyramid as an SVG document in UTF-8: women on the left, men on the right, no gender in the middle."""
    import pygal

    canvas = PYRAMID[size]
    widest = max((max(row.female, row.male) + row.unknown / 2 for row in bands), default=0)
    edge = max(4, _round_up(widest))
    chart = pygal.HorizontalStackedBar(
        **_chart_options(canvas, ("--other", "--female", "--other", "--male")),
        range=(-edge, edge),
        x_labels=[BAND_NAMES.get(row.band, row.band) for row in bands],
        y_labels=[-edge, -edge // 2, 0, edge // 2, edge],
        value_formatter=_absolute,
        show_legend=False,
        print_values=True,
        print_values_position="center",
    )
    # Visits without a gender, such as those of children, are a grey bar; half of it on either side keeps rows centred.
    halves = [row.unknown / 2 for row in bands]
    chart.add("", [{"value": -half, "formatter": _nothing} for half in halves])
    chart.add("women", [_bar(-row.female, edge) for row in bands])
    chart.add("", [{"value": half, "formatter": _nothing} for half in halves])
    chart.add("men", [_bar(row.male, edge) for row in bands])
    return _document(chart, "Visits by apparent age and gender")


def palette() -> str:
    """The colours as CSS; each document contains them."""
    return resources.files("edge.dashboard").joinpath("static/palette.css").read_text(encoding="utf-8")


def _bar(value: int, edge: int) -> dict[str, Any]:
    # A number is left out if it does not fit into its bar, because outside the bar it would be light on light.
    return {"value": value, "formatter": _absolute if abs(value) * 14 >= edge * len(str(abs(value))) else _nothing}


def _bars(title: str, labels: list[str], marks: list[str], values: list[int], canvas: Canvas) -> bytes:
    import pygal

    top = max(4, _round_up(max(values, default=0)))
    chart = pygal.Bar(
        **_chart_options(canvas, ("--accent",)),
        range=(0, top),
        x_labels=labels,
        x_labels_major=marks,
        show_minor_x_labels=False,
        y_labels=[top * quarter // 4 for quarter in range(5)],
        show_legend=False,
        rounded_bars=2,
    )
    chart.add("visits", values)
    return _document(chart, title)


def _round_up(value: float) -> int:
    """The next number that can be divided into round quarters: 4, 8, 12, 16, 20, 40, 60, …."""
    step = 4
    while value > 5 * step:
        step *= 5 if step % 20 else 2
    return -int(-value // step) * step


def _chart_options(canvas: Canvas, colours: tuple[str, ...]) -> dict[str, Any]:
    from pygal.style import Style

    style = Style(
        background="transparent", plot_background="transparent",
        foreground="var(--muted)", foreground_strong="var(--muted)", foreground_subtle="var(--line)",
        guide_stroke_color="var(--line)", major_guide_stroke_color="var(--line)",
        guide_stroke_dasharray="none", major_guide_stroke_dasharray="none",
        font_family=FONT, label_font_size=12, major_label_font_size=12, value_font_size=12, no_data_font_size=14,
        colors=tuple(f"var({colour})" for colour in colours), value_colors=("var(--card)",) * len(colours),
        opacity="1", stroke_opacity="0", transition="0s",
    )  # fmt: skip
    return {
        "width": canvas.width, "height": canvas.height, "style": style, "margin": 6, "margin_right": 20, "spacing": 6,
        "css": (f"inline:{palette()}", "file://style.css", "file://graph.css"),
        "js": (), "no_prefix": True, "truncate_label": -1,
    }  # fmt: skip


def _document(chart: Any, title: str) -> bytes:
    def clean(root: Any) -> Any:
        # pygal writes its configuration as a script, which is never run in an image, and its own name as the title.
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag == "script":
                    parent.remove(child)
        root.find("title").text = title
        del root.attrib["id"]
        return root

    chart.add_xml_filter(clean)
    document: bytes = chart.render()
    return document


def _absolute(value: float) -> str:
    return f"{abs(value):.0f}"


def _nothing(value: float) -> str:  # noqa: ARG001 (a formatter is called with the value)
    return ""
