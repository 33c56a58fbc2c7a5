"""The table of visits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from edge.counting.visit import Direction, Visit


@dataclass(frozen=True)
class StoredVisit:
    """A visit with its row id and the time (unix seconds) at which it was counted, a little after it ended."""

    id: int
    counted_at: float
    visit: Visit


class Visits:
    """Visits in the database. All times are unix seconds (UTC)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, visits: Sequence[tuple[Visit, float]]) -> None:
        """Store visits, each with the time at which it was counted, in the caller's transaction or one of their own."""
        rows = [
            (
                counted_at, visit.started_at, visit.ended_at, visit.observations, visit.age,
                *(visit.age_interval or (None, None)), visit.female_probability, visit.direction, visit.zone_s,
                visit.excluded, *(visit.own_interval or (None, None)),
            )
            for visit, counted_at in visits
        ]  # fmt: skip
        self._connection.executemany(
            "INSERT INTO visits (counted_at, started_at, ended_at, observations, age, age_low, age_high,"
            " female_probability, direction, zone_s, excluded, own_low, own_high)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def between(self, start: float, end: float) -> list[StoredVisit]:
        """Visits that ended in ``[start, end)``, oldest first, without excluded ones."""
        return self._select("WHERE ended_at >= ? AND ended_at < ? AND NOT excluded ORDER BY ended_at, id", (start, end))

    def last(self, count: int, since: float = 0.0) -> list[StoredVisit]:
        """The latest ``count`` visits that ended at or after ``since``, latest first, without excluded ones."""
        return self._select(
            "WHERE ended_at >= ? AND NOT excluded ORDER BY ended_at DESC, id DESC LIMIT ?", (since, count)
        )

    def excluded_between(self, start: float, end: float) -> int:
        """Number of excluded visits that ended in ``[start, end)``."""
        query = "SELECT count(*) FROM visits WHERE ended_at >= ? AND ended_at < ? AND excluded"
        return int(self._connection.execute(query, (start, end)).fetchone()[0])

    def crossings_between(self, start: float, end: float) -> list[tuple[float, Direction]]:
        """End and direction of the visits with a direction that ended in ``[start, end)``, oldest first."""
        rows = self._connection.execute(
            "SELECT ended_at, direction FROM visits WHERE direction IS NOT NULL AND ended_at >= ? AND ended_at < ?"
            " AND NOT excluded ORDER BY ended_at, id",
            (start, end),
        )
        return [(row["ended_at"], row["direction"]) for row in rows]

    def uncounted_before(self, moment: float) -> list[StoredVisit]:
        """Visits counted before ``moment`` that are not in a window yet, also excluded ones."""
        return self._select("WHERE window_id IS NULL AND counted_at < ? ORDER BY id", (moment,))

    def assign(self, visits: Sequence[StoredVisit], window_id: int) -> None:
        """Put visits into a window."""
        self._connection.executemany(
            "UPDATE visits SET window_id = ? WHERE id = ?", [(window_id, stored.id) for stored in visits]
        )

    def delete_before(self, moment: float) -> int:
        """Delete the visits of windows that ended before ``moment``. Returns how many.

        All visits of a window are deleted at once: if half of them were left, neither the visits nor the window would
        give the right number.
        """
        return self._connection.execute(
            'DELETE FROM visits WHERE window_id IN (SELECT id FROM windows WHERE "end" < ?)', (moment,)
        ).rowcount

    def _select(self, where: str, values: tuple[float, ...]) -> list[StoredVisit]:
        rows = self._connection.execute(f"SELECT * FROM visits {where}", values)  # noqa: S608 (constant text)
        return [StoredVisit(row["id"], row["counted_at"], _visit(row)) for row in rows]


def _visit(row: sqlite3.Row) -> Visit:
    return Visit(
        row["started_at"], row["ended_at"], row["observations"], row["age"],
        None if row["age_low"] is None else (row["age_low"], row["age_high"]),
        row["female_probability"], row["direction"], row["zone_s"], bool(row["excluded"]),
        None if row["own_low"] is None else (row["own_low"], row["own_high"]),
    )  # fmt: skip
