"""A report as CSV, as JSON, or as an HTML page that can be printed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from edge.census.shares.estimator import ALL, Shares
from edge.census.shares.label_shift import INTERVAL_LEVEL
from edge.census.window import CELL_GENDERS, UNKNOWN
from edge.labels import GENDERS
from edge.reports.likely_shares import LIKELY_WORDS, in_words, likely_rows, likely_shares_json
from edge.reports.report import Report, Row

FIELDS = (
    "start",
    "end",
    "visits",
    "entries",
    "exits",
    "most_inside",
    "excluded",
    "mean_apparent_age",
    "median_dwell_s",
)


def to_csv(report: Report) -> str:
    """One line per row: FIELDS, then one column for each cell, then three for each age band and for women and men.

    These three are the likely share of the row's visits and the ends of its range, 0..1. Times are local, with their
    offset. Values that are not known stay empty, as do the shares of a row with too few visits.
    """
    groups = _groups(report)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    shares = [f"{name} {value}" for name in groups for value in ("likely share", "low", "high")]
    lines.writerow([*FIELDS, *(f"{band} {gender}" for band, gender in report.cells), *shares])
    for row in report.rows:
        counts = (row.counts.get(cell, 0) for cell in report.cells)
        lines.writerow([*_values(row).values(), *counts, *_likely_values(row.likely, groups)])
    return text.getvalue()


def to_json(report: Report) -> str:
    """One document: ``source``, ``by``, ``rows``, ``total`` and the ``shares`` of the range.

    Each row and the total have FIELDS, ``counts`` of every cell, and ``likely_shares``, which are null if there are too
    few visits. The ``shares`` are given by cell, however few visits there are.
    """
    document = {
        "source": report.source,
        "by": report.by,
        "rows": [_document(row, report) for row in report.rows],
        "total": _document(report.total, report),
        "shares": shares_json(report.shares),
    }
    return json.dumps(document, indent=2) + "\n"


def to_html(report: Report) -> str:
    """A page that is complete in itself: it loads no script, no font and no other file."""
    from jinja2 import Environment  # only this format needs it

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE)
    genders = [gender for gender in CELL_GENDERS if any(cell[1] == gender for cell in report.cells)]
    return page.render(
        report=report,
        genders=genders,
        bands=list(dict.fromkeys(band for band, _ in report.cells)),
        cells=set(report.cells),
        most=max(row.visits for row in report.rows) or 1,
        label=lambda row: _label(row, report),
        likely=LIKELY_WORDS,
        likely_rows=likely_rows,
        in_words=in_words,
        no_gender=UNKNOWN,
        of_gender=lambda row, gender: sum(n for cell, n in row.counts.items() if cell[1] == gender),
        of_band=lambda row, band: sum(n for cell, n in row.counts.items() if cell[0] == band),
    )


def shares_json(shares: Shares) -> dict[str, Any]:
    """The JSON form of shares, with the member names of events."""
    cells = [
        {**asdict(s), **{name: round(getattr(s, name), 4) for name in ("share", "low", "high")}} for s in shares.cells
    ]
    return {"method": shares.method, "interval": shares.interval, "level": INTERVAL_LEVEL, "cells": cells}


def _values(row: Row) -> dict[str, Any]:
    return {
        "start": row.start.isoformat(timespec="seconds"),
        "end": row.end.isoformat(timespec="seconds"),
        "visits": row.visits,
        "entries": row.entries,
        "exits": row.exits,
        "most_inside": row.most_inside,
        "excluded": row.excluded,
        "mean_apparent_age": None if row.mean_age is None else round(row.mean_age, 1),
        "median_dwell_s": None if row.median_dwell_s is None else round(row.median_dwell_s, 1),
    }


def _document(row: Row, report: Report) -> dict[str, Any]:
    counts = [
        {"band": band, "gender": gender, "count": row.counts.get((band, gender), 0)} for band, gender in report.cells
    ]
    return {**_values(row), "counts": counts, "likely_shares": likely_shares_json(row.likely)}


def _groups(report: Report) -> list[str]:
    """Names of the groups that have shares: the age bands of the present settings, then the genders."""
    return [*report.bands, *GENDERS]


def _likely_values(shares: Shares | None, groups: list[str]) -> list[float | None]:
    by_group = (
        {} if shares is None else {s.gender if s.band == ALL else s.band: s for s in (*shares.bands, *shares.genders)}
    )
    return [
        None if name not in by_group else round(getattr(by_group[name], value), 4)
        for name in groups
        for value in ("share", "low", "high")
    ]


def _label(row: Row, report: Report) -> str:
    if report.by == "hour":
        return f"{row.start:%a %Y-%m-%d %H:%M} to {row.end:%H:%M}"
    return f"{row.start:%a %Y-%m-%d}" if report.by == "day" else f"Week from {row.start:%a %Y-%m-%d}"


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Visits to {{ report.source }}</title>
<style>
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h1 + p { margin-top: .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0; }
h2 + p { margin-top: .25rem; }
h2 + .scroll table { margin-top: 1rem; margin-bottom: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 2rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .5rem; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid #ccc; }
th:first-child { text-align: left; white-space: nowrap; }
thead th, thead td { border-bottom: 2px solid #1a1a1a; }
.next th, .next td { border-top: 2px solid #ccc; }
tfoot th, tfoot td { border-top: 2px solid #1a1a1a; border-bottom: 0; font-weight: 600; }
.bar { width: 25%; text-align: left; }
.bar span { display: block; height: .8em; background: #33689b; }
.note { color: #4a4a4a; font-size: .9rem; }
@media print {
  body { margin: 0; max-width: none; font-size: 9pt; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  .bar span { print-color-adjust: exact; }
}
</style>
</head>
<body>
<main>
<h1>Visits to {{ report.source }}</h1>
<p>{{ report.total.start.strftime("%a %Y-%m-%d %H:%M") }} to {{ report.total.end.strftime("%a %Y-%m-%d %H:%M") }},
local time. {{ "{:,}".format(report.total.visits) }} {{ "visit" if report.total.visits == 1 else "visits" }}.</p>
<div class="scroll" role="region" aria-label="By apparent age and gender" tabindex="0">
<table>
<caption>By apparent age and gender</caption>
<thead><tr><th scope="col">Apparent age</th>
{% for gender in genders %}<th scope="col">{{ gender }}</th>{% endfor %}<th scope="col">all</th></tr></thead>
<tbody>
{% for band in bands %}
<tr><th scope="row">{{ band }}</th>
{% for gender in genders %}<td>{{ report.total.counts.get((band, gender), 0) if (band, gender) in cells else "–" }}</td>
{% endfor %}<td>{{ of_band(report.total, band) }}</td></tr>
{% endfor %}
</tbody>
<tfoot><tr><th scope="row">all</th>
{% for gender in genders %}<td>{{ of_gender(report.total, gender) }}</td>{% endfor %}
<td>{{ report.total.visits }}</td></tr></tfoot>
</table>
</div>
{% if report.total.visits %}
<h2>{{ likely.heading }}</h2>
{% if report.total.likely %}
<div class="scroll" role="region" aria-label="{{ likely.heading }}" tabindex="0">
<table>
<caption>By apparent age, and women and men</caption>
<thead><tr>{% for column in likely.columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in likely_rows(report.total.likely, report.total.counts) %}
<tr{% if loop.revindex == report.total.likely.genders | length %} class="next"{% endif %}>
<th scope="row">{{ row[0] }}</th>{% for value in row[1:] %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
<p class="note">{{ likely.note }}</p>
<div class="scroll" role="region" aria-label="Likely shares by apparent age and gender" tabindex="0">
<table>
<caption>By apparent age and gender, of all visits</caption>
<thead><tr><th scope="col">Apparent age</th><th scope="col">Gender</th>
{% for column in likely.columns[1:] %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>
{% for s in report.total.likely.cells if report.total.likely.genders or s.gender == no_gender %}
{% set n = report.total.counts.get((s.band, s.gender), 0) %}
<tr><th scope="row">{{ s.band }}</th><td>{{ s.gender }}</td>
<td>{{ "{:,} ({:.0f} %)".format(n, 100 * n / report.total.visits) }}</td>
{% for value in in_words(s) %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
{% else %}
<p class="note">{{ report.why_no_shares }}</p>
{% endif %}
{% endif %}
<div class="scroll" role="region" aria-label="By {{ report.by }}" tabindex="0">
<table>
<caption>By {{ report.by }}</caption>
<thead><tr><th scope="col">{{ report.by | capitalize }}</th><th scope="col">Visits</th>
<td class="bar"></td>
<th scope="col">In</th><th scope="col">Out</th><th scope="col">Most inside</th>
{% for gender in genders %}<th scope="col">{{ gender }}</th>{% endfor %}
<th scope="col">Mean apparent age</th><th scope="col">Median dwell</th></tr></thead>
<tbody>
{% for row in report.rows %}
<tr><th scope="row">{{ label(row) }}</th><td>{{ row.visits }}</td>
<td class="bar" aria-hidden="true"><span style="width: {{ (100 * row.visits / most) | round(1) }}%"></span></td>
<td>{{ row.entries }}</td><td>{{ row.exits }}</td>
<td>{{ "–" if row.most_inside is none else row.most_inside }}</td>
{% for gender in genders %}<td>{{ of_gender(row, gender) }}</td>{% endfor %}
<td>{{ "–" if row.mean_age is none else "%.0f" | format(row.mean_age) }}</td>
<td>{{ "–" if row.median_dwell_s is none else "%.1f s" | format(row.median_dwell_s) }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% if report.total.excluded %}
<p class="note">{{ report.total.excluded }} visits of staff are not counted.</p>
{% endif %}
<p class="note">Ages and genders are estimates from appearance, and all counts are as the model gave them. A visit
means that somebody was in view for a while; anyone who comes twice is counted twice. The gender is “unknown” for
children and for faces that were never clear enough. “–” means that a value is not given, or no longer stored.
This page shows small counts, too; withhold them before you publish it.</p>
</main>
</body>
</html>
"""
