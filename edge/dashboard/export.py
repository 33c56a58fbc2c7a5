"""Closed windows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from edge.census.window import Window
from edge.dashboard.localtime import Zone

COLUMNS = ("window_start", "window_end", "age_band", "gender", "visits")


def csv_lines(windows: Iterable[Window], zone: Zone) -> Iterator[str]:
    """CSV text line by line: COLUMNS, then one row for each window, age band and gender that was counted.

    A window without visits has one row with 0 visits, an empty band and an empty gender: the agent was counting, and
    nobody came. Times are ISO 8601 with the offset of ``zone``.
    """
    yield _line(COLUMNS)
    for window in windows:
        times = [datetime.fromtimestamp(at, UTC).astimezone(zone).isoformat() for at in (window.start, window.end)]
        for (band, gender), visits in sorted(window.counts.items()) or [(("", ""), 0)]:
            yield _line((*times, band, gender, visits))


def _line(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()
