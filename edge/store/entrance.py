"""Facts about the entrance: since when it is drawn as it is, and where faces appear and disappear."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Sequence

from edge.config.entrance import Entrance
from edge.counting.heatmap import Heatmap
from edge.counting.visit import Direction
from edge.store.named_values import NamedValues


class EntranceStore:
    """Two rows of the table ``facts``, and the visits since the entrance was drawn."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._values = NamedValues(connection)

    def note_drawing(self, entrance: Entrance, at: float) -> None:
        """Note that the agent starts with this entrance at ``at`` (unix seconds). Later visits belong to it until it is
        drawn differently.

        These visits are found by their row ids and not by time, because the clock may be set later.
        """
        geometry = _geometry(entrance)
        if self._first(geometry) is None:
            first = self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM visits").fetchone()[0]
            self._values.write("entrance", json.dumps({"geometry": geometry, "first": first}), at)

    def latest_directions(self, entrance: Entrance, count: int) -> Sequence[Direction | None] | None:
        """Directions of the latest ``count`` visits since this entrance was drawn, latest first.

        None if the agent has never run with it, or runs with another one.
        """
        first = self._first(_geometry(entrance))
        if first is None:
            return None
        rows = self._connection.execute(
            "SELECT direction FROM visits WHERE NOT excluded AND id >= ? ORDER BY id DESC LIMIT ?", (first, count)
        )
        return [row["direction"] for row in rows]

    def _first(self, geometry: object) -> int | None:
        """Row id of the first visit since the entrance was drawn like this; None if it is not."""
        text = self._values.read("entrance")
        known = None if text is None else json.loads(text)
        return None if known is None or known["geometry"] != geometry else int(known["first"])

    def write_heatmap(self, heatmap: Heatmap, at: float) -> None:
        """Replace the heatmap."""
        self._values.write("sight_map", json.dumps(dataclasses.asdict(heatmap), separators=(",", ":")), at)

    def read_heatmap(self) -> Heatmap | None:
        """The heatmap as it was last written, None if there is none."""
        text = self._values.read("sight_map")
        return None if text is None else Heatmap(**json.loads(text))


def _geometry(entrance: Entrance) -> list[object]:
    """Line, inner side and zone, in the form in which JSON returns them."""
    drawn = [entrance.line, entrance.inside if entrance.line else None, entrance.zone]
    return list(json.loads(json.dumps(drawn)))
