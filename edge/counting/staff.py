"""Leaving staff out of the counts, by the time of day."""

from __future__ import annotations

from datetime import datetime, time, tzinfo

from edge.config.entrance import Entrance
from edge.counting.visit import Visit


def without_staff(visit: Visit, entrance: Entrance, zone: tzinfo | None) -> Visit:
    """The visit (its times are unix seconds), excluded if it began within the staff hours in the local time of
    ``zone``.
    """
    return exclude(visit) if is_within(visit.started_at, entrance.staff_intervals, zone) else visit


def exclude(visit: Visit) -> Visit:
    """What remains of an excluded visit: its times. No age, no gender, no direction."""
    return Visit(visit.started_at, visit.ended_at, visit.observations, excluded=True)


def is_within(at: float, intervals: tuple[tuple[time, time], ...], zone: tzinfo | None) -> bool:
    """Whether the local clock at ``at`` (unix seconds) shows a time within an interval, whose end is not part of it.

    An hour that the clock skips is in no interval, one that it shows twice is in it twice. ``zone`` None is the
    system's.
    """
    clock = datetime.fromtimestamp(at, zone).time()
    return any(begin <= clock < end if begin < end else clock >= begin or clock < end for begin, end in intervals)
