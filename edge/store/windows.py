"""The table of windows."""

from __future__ import annotations

import json
import sqlite3

from edge.census.window import Traffic, Window


class Windows:
    """Closed windows in the database. All times are unix seconds (UTC)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, window: Window) -> int:
        """Store a closed window. Returns its row id."""
        cursor = self._connection.execute(
            'INSERT INTO windows (start, "end", counts, entries, exits, dwell, frames, dropped, excluded)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                window.start, window.end, json.dumps([[*cell, n] for cell, n in sorted(window.counts.items())]),
                window.entries, window.exits, None if window.dwell_s is None else json.dumps(window.dwell_s),
                window.traffic.frames, window.traffic.dropped, window.excluded,
            ),
        )  # fmt: skip
        return int(cursor.lastrowid or 0)

    def between(self, start: float, end: float) -> list[Window]:
        """Windows whose end is in ``(start, end]``, oldest first."""
        rows = self._connection.execute(
            'SELECT * FROM windows WHERE "end" > ? AND "end" <= ? ORDER BY "end", id', (start, end)
        )
        return [_window(row) for row in rows]

    def emptied_between(self, start: float, end: float) -> list[Window]:
        """Windows in ``[start, end]`` whose visits have all been deleted, oldest first."""
        rows = self._connection.execute(
            'SELECT * FROM windows WHERE start >= ? AND "end" > ? AND "end" <= ?'
            ' AND id NOT IN (SELECT window_id FROM visits WHERE window_id IS NOT NULL) ORDER BY "end", id',
            (start, start, end),
        )
        return [window for window in map(_window, rows) if window.visits or window.excluded]

    def delete_before(self, moment: float) -> int:
        """Delete windows that ended before ``moment``. Returns how many."""
        return self._connection.execute('DELETE FROM windows WHERE "end" < ?', (moment,)).rowcount


def _window(row: sqlite3.Row) -> Window:
    dwell = None if row["dwell"] is None else json.loads(row["dwell"])
    return Window(
        row["start"], row["end"], {(band, gender): n for band, gender, n in json.loads(row["counts"])},
        row["entries"], row["exits"], None if dwell is None else (dwell[0], dwell[1], dwell[2]),
        Traffic(row["frames"], row["dropped"]), row["excluded"],
    )  # fmt: skip
