"""What the agent tells of its entrance: since when it is drawn as it is, and where faces appear and vanish."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Sequence

from edge.config.entrance import Entrance
from edge.counting.sight_map import SightMap
from edge.counting.visit import Direction


class EntranceFacts:
    """Two rows of the facts table, and the visits since the first of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def drawn(self, entrance: Entrance, at: float) -> None:
        """The agent starts with this entrance; ``at`` (unix seconds) is kept while it is the same one."""
        self._connection.execute(
            "INSERT INTO facts (name, at, value) VALUES ('entrance', ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET at = excluded.at, value = excluded.value WHERE value <> excluded.value",
            (at, _geometry(entrance)),
        )

    def latest(self, entrance: Entrance, count: int) -> Sequence[Direction | None] | None:
        """Directions of the newest ``count`` visits since this entrance was drawn, newest first.

        None if the agent never ran with it, or runs with another one.
        """
        since = self._connection.execute(
            "SELECT at FROM facts WHERE name = 'entrance' AND value = ?", (_geometry(entrance),)
        ).fetchone()
        if since is None:
            return None
        rows = self._connection.execute(
            "SELECT direction FROM visits WHERE NOT excluded AND started_at >= ? ORDER BY ended_at DESC LIMIT ?",
            (since[0], count),
        )
        return [row["direction"] for row in rows]

    def write_map(self, sights: SightMap, at: float) -> None:
        """Replace the map."""
        self._connection.execute(
            "INSERT OR REPLACE INTO facts (name, at, value) VALUES ('sight_map', ?, ?)",
            (at, json.dumps(dataclasses.asdict(sights), separators=(",", ":"))),
        )

    def read_map(self) -> SightMap | None:
        """The map as written last, None if there is none."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'sight_map'").fetchone()
        return None if row is None else SightMap(**json.loads(row["value"]))


def _geometry(entrance: Entrance) -> str:
    return json.dumps([entrance.line, entrance.inside if entrance.line else None, entrance.zone])
