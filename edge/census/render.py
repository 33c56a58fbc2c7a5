"""The report as CSV, JSON or a page to print."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from edge.census.correction import LEVEL
from edge.census.report import Report, Row
from edge.census.shares import CORRECTED, Shares
from edge.census.window import GENDERS

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
    """One line a row: FIELDS, then a column for each cell. Local times with offset; a value nobody knows is empty."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*FIELDS, *(f"{band} {gender}" for band, gender in report.cells)])
    for row in report.rows:
        lines.writerow([*_values(row).values(), *(row.counts.get(cell, 0) for cell in report.cells)])
    return text.getvalue()


def to_json(report: Report) -> str:
    """One document: ``source``, ``by``, ``rows``, ``total`` and the ``shares`` of the range.

    Each row has FIELDS and ``counts`` of every cell.
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
    """A page that needs nothing else: no script, no font, no address."""
    from jinja2 import Environment  # only this format needs it

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE)
    genders = [gender for gender in GENDERS if any(cell[1] == gender for cell in report.cells)]
    return page.render(
        report=report,
        genders=genders,
        bands=list(dict.fromkeys(band for band, _ in report.cells)),
        cells=set(report.cells),
        most=max(row.visits for row in report.rows) or 1,
        label=lambda row: _label(row, report),
        per_cent=lambda share: f"{100 * share:.1f} %",
        corrected=CORRECTED,
        of_gender=lambda row, gender: sum(n for cell, n in row.counts.items() if cell[1] == gender),
        of_band=lambda row, band: sum(n for cell, n in row.counts.items() if cell[0] == band),
    )


def shares_json(shares: Shares) -> dict[str, Any]:
    """Shares with the names that events give them."""
    cells = [
        {**asdict(s), **{name: round(getattr(s, name), 4) for name in ("share", "low", "high")}} for s in shares.cells
    ]
    return {"method": shares.method, "interval": shares.interval, "level": LEVEL, "cells": cells}


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
    return {**_values(row), "counts": counts}


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
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 2rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .5rem; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid #ccc; }
th:first-child { text-align: left; white-space: nowrap; }
thead th, thead td { border-bottom: 2px solid #1a1a1a; }
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
local time. {{ report.total.visits }} visits.</p>
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
{% if report.shares.cells %}
<div class="scroll" role="region" aria-label="Shares" tabindex="0">
<table>
<caption>Shares with 95 % intervals</caption>
<thead><tr><th scope="col">Apparent age</th><th scope="col">gender</th><th scope="col">counted</th>
<th scope="col">share</th><th scope="col">from</th><th scope="col">to</th></tr></thead>
<tbody>
{% for s in report.shares.cells %}
<tr><th scope="row">{{ s.band }}</th><td>{{ s.gender }}</td>
<td>{{ report.total.counts.get((s.band, s.gender), 0) }}</td>
<td>{{ per_cent(s.share) }}</td><td>{{ per_cent(s.low) }}</td><td>{{ per_cent(s.high) }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% if report.shares.method == corrected %}
<p class="note">The model’s known errors are taken out; the intervals hold chance and what is not known of them.</p>
{% else %}
<p class="note">As the model counted: its errors are not corrected, the intervals hold chance alone.</p>
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
<p class="note">Ages and genders are estimates from appearance, and counts are as the model gave them. A visit
is somebody in view for a while: who comes twice is counted twice. “Unknown” gender: children, and
faces that were never clear enough. “–”: not given, or no longer stored.
Small counts are shown; withhold them before you publish this page.</p>
</main>
</body>
</html>
"""
