"""Where faces appear and disappear, as coarse counts. They help to draw a line, since there is no picture to draw
on."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.config.entrance import Point

COLUMNS, ROWS = 16, 9


def _empty() -> list[int]:
    return [0] * (COLUMNS * ROWS)


@dataclass
class Heatmap:
    """Numbers of visits by the field of the frame in which they began and ended, row by row from the upper left.

    These are only sums since the agent started: no field says when a visit was, or whose.
    """

    width: int = 16
    height: int = 9
    """Size of the frame in pixels; only their ratio matters."""
    began: list[int] = field(default_factory=_empty)
    ended: list[int] = field(default_factory=_empty)

    def add(self, began: Point, ended: Point) -> None:
        """Count a visit. Places are fractions of the frame, and may be a little outside."""
        self.began[_index(began)] += 1
        self.ended[_index(ended)] += 1

    @property
    def visits(self) -> int:
        """Number of visits counted."""
        return sum(self.began)


def _index(place: Point) -> int:
    column = min(max(int(place[0] * COLUMNS), 0), COLUMNS - 1)
    row = min(max(int(place[1] * ROWS), 0), ROWS - 1)
    return row * COLUMNS + column
