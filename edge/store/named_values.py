"""The table ``facts``: single values by name, such as counters."""

from __future__ import annotations

import sqlite3


class NamedValues:
    """Texts by name, one row each, with the time (unix seconds) at which they were written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, name: str, value: str, at: float) -> None:
        """Write a value, in place of an earlier one."""
        self._connection.execute("INSERT OR REPLACE INTO facts (name, at, value) VALUES (?, ?, ?)", (name, at, value))

    def read(self, name: str) -> str | None:
        """Read a value; None if it was never written."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def count(self, name: str, more: int, at: float) -> None:
        """Add ``more`` to a counter."""
        self._connection.execute(
            "INSERT INTO facts (name, at, value) VALUES (?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET at = excluded.at, value = CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER)",
            (name, at, str(more)),
        )

    def counter(self, name: str) -> tuple[int, float | None]:
        """A counter and the time at which it last rose; 0 and None if it never did."""
        row = self._connection.execute("SELECT value, at FROM facts WHERE name = ?", (name,)).fetchone()
        return (0, None) if row is None else (int(row["value"]), float(row["at"]))
