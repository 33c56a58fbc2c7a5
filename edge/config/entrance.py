"""[entrance]: where patrons come in, and which visits are of staff."""

from __future__ import annotations

from datetime import time
from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from edge.config.section import Section

Point = tuple[Annotated[float, Field(ge=-1, le=2)], Annotated[float, Field(ge=-1, le=2)]]
"""(x, y) as fractions of the frame's width and height from its upper left corner; may lie a little outside."""
Side = Literal["below", "above", "left", "right"]
INNER: dict[Side, Point] = {"below": (0, 1), "above": (0, -1), "left": (-1, 0), "right": (1, 0)}
"""Direction towards the inside, in the picture: x to the right, y down."""
STEEPEST = 0.1
"""Limit of a line's slope: a line has a side "below" only if its width is more than this share of its height,
and a side "left" only if its height is more than this share of its width; likewise "above" and "right"."""
_TIME = r"([01]\d|2[0-3]):[0-5]\d"


class Entrance(Section):
    """The line or zone that patrons cross, the occupancy that follows, and visits that are not counted."""

    line: tuple[Point, ...] = Field(
        (), title="Line", min_length=0, max_length=2,
        description="Two points [x, y], fractions of the frame's width and height from its upper left corner: a visit"
        " that crosses the line between them gets a direction. Empty: no line.",
    )  # fmt: skip
    inside: Side = Field(
        "below", title="Inner side", description="On which side of the line, in the picture, the inside lies."
    )
    zone: tuple[Point, ...] = Field(
        (), title="Zone", min_length=0, max_length=24,
        description="Instead of a line: the corners of the inside in the picture, in their order around it. Anyone who"
        " comes into the zone has come in, and the time spent in the zone is stored. Empty: no zone.",
    )  # fmt: skip
    hysteresis: float = Field(
        0.25, title="Hysteresis",
        description="How far beyond the line a face must move to have crossed it, in sizes of the face; smaller"
        " movements are jitter.",
        ge=0, le=2,
    )  # fmt: skip
    occupancy_reset: str = Field(
        "04:00", title="Occupancy reset",
        description="Local time of day at which nobody is inside; there the occupancy starts again from 0.",
        pattern=rf"^{_TIME}$",
    )  # fmt: skip
    staff_hours: tuple[Annotated[str, Field(pattern=rf"^{_TIME}-{_TIME}$")], ...] = Field(
        (), title="Staff hours", min_length=0, max_length=12,
        description="Daily intervals of local time, such as 08:00-11:30, which may pass midnight. Visits that begin"
        " within one are counted as staff: they are not part of the census, only their number is stored.",
    )  # fmt: skip
    staff_zone: tuple[Point, ...] = Field(
        (), title="Staff zone", min_length=0, max_length=24,
        description="Corners of a zone in the picture, such as a counter. Anyone who comes into view within it, or"
        " stays there for more than half of the time in view, is counted as staff.",
    )  # fmt: skip

    @property
    def drawn(self) -> bool:
        """Whether a line or a zone is drawn, so that visits have a direction."""
        return bool(self.line or self.zone)

    @property
    def reset_time(self) -> time:
        """``occupancy_reset`` as a time of the day."""
        return time.fromisoformat(self.occupancy_reset)

    @property
    def staff_intervals(self) -> tuple[tuple[time, time], ...]:
        """``staff_hours`` as times of the day: the begin belongs to the interval, the end does not."""
        pairs = (hours.split("-") for hours in self.staff_hours)
        return tuple((time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in pairs)

    @field_validator("line")
    @classmethod
    def _two_points(cls, value: tuple[Point, ...]) -> tuple[Point, ...]:
        if value and (len(value) != 2 or value[0] == value[1]):
            raise ValueError("a line is two different points, for example [[0.1, 0.6], [0.9, 0.6]]")
        return value

    @field_validator("zone", "staff_zone")
    @classmethod
    def _encloses(cls, value: tuple[Point, ...]) -> tuple[Point, ...]:
        if value and len(value) < 3:
            raise ValueError("a zone has three corners or more, for example [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]")
        edges = list(zip(value, value[1:] + value[:1], strict=True))
        if any(_cross(*first, *second) for first, second in combinations(edges, 2)):
            raise ValueError("the zone's edges cross each other; give its corners in their order around it")
        if value and abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges)) < 1e-6:
            raise ValueError("the zone's corners enclose no area")
        return value

    @field_validator("staff_hours")
    @classmethod
    def _not_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for hours in value:
            begin, end = hours.split("-")
            if begin == end:
                raise ValueError(f"{hours} is not an interval: it ends at the time at which it begins")
        return value

    @model_validator(mode="after")
    def _one_entrance(self) -> Entrance:
        if self.line and self.zone:
            raise ValueError("there is a line and a zone, and only one of them is allowed; delete the other")
        if self.line:
            (left, top), (right, bottom) = self.line
            run = (right - left, bottom - top)
            inner = INNER[self.inside]
            across, along = (run[0], run[1]) if inner[0] == 0 else (run[1], run[0])
            if abs(across) <= STEEPEST * abs(along):
                names = "left or right" if inner[0] == 0 else "below or above"
                raise ValueError(f"inside = {self.inside!r} is not a side of this line; its sides are {names}")
        return self


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the edges a-b and c-d cross at a point within both."""
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
