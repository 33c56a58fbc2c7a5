"""Occupancy: how many people are inside, from the crossings of the stored visits since the day's reset."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from itertools import groupby

from edge.counting.visit import Direction

MAX_ENTRIES_WITHOUT_EXIT = 20
"""After this many crossings inwards and none outwards, the camera cannot see people leave."""


@dataclass(frozen=True)
class Occupancy:
    """The number of people inside since the reset at ``since`` (unix seconds), and the crossings that give it.

    ``inside`` is never below 0: those who leave first may have come in unseen, or before the reset. It is None if it is
    certainly wrong, because many came in and nobody was seen leaving.
    """

    since: float
    entries: int
    exits: int
    inside: int | None


def last_reset(now: float, reset: time, zone: tzinfo | None) -> float:
    """The latest moment, not after ``now`` (unix seconds), at which local clocks showed ``reset``.

    If clocks skip that time of day, the moment is an hour later; if they show it twice, the first is meant. ``zone``
    None is the system's.
    """
    today = datetime.fromtimestamp(now, zone).date()
    moment = datetime.combine(today, reset, zone).timestamp()
    return moment if moment <= now else datetime.combine(today - timedelta(days=1), reset, zone).timestamp()


def occupancy(directions: Iterable[Direction], since: float) -> Occupancy:
    """The occupancy after these crossings, which are in the order of their times."""
    inside = entries = exits = 0
    for direction in directions:
        entries, exits = entries + (direction == "in"), exits + (direction == "out")
        inside = inside + 1 if direction == "in" else max(inside - 1, 0)
    return Occupancy(since, entries, exits, None if entries >= MAX_ENTRIES_WITHOUT_EXIT and not exits else inside)


def most_inside(
    crossings: Sequence[tuple[float, Direction]], edges: Sequence[float], reset: time, zone: tzinfo | None
) -> list[int | None]:
    """The highest occupancy in each of the periods between ``edges`` (unix seconds, rising).

    ``crossings`` (unix seconds, rising) must begin at the last reset before the first edge. A period is None if it
    contains part of a day whose occupancy is unknown. All are None if there are no crossings, because without a line or
    zone the occupancy is unknown.
    """
    most: list[int | None] = [0 if crossings else None] * (len(edges) - 1)
    for since, group in groupby(crossings, key=lambda crossing: last_reset(crossing[0], reset, zone)):
        day = list(group)
        until = last_reset(since + 36 * 3600, reset, zone)
        known = occupancy((direction for _, direction in day), since).inside is not None
        inside = 0
        for (at, direction), (following, _) in zip(day, [*day[1:], (until, None)], strict=True):
            inside = inside + 1 if direction == "in" else max(inside - 1, 0)
            for period in range(max(bisect_right(edges, at) - 1, 0), min(bisect_left(edges, following), len(most))):
                before = most[period]
                most[period] = max(before, inside) if known and before is not None else None
    return most
