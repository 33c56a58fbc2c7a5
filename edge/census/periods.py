"""Local hours, days and weeks, correct also when clocks change to summer time and back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

Step = Literal["hour", "day", "week"]


def midnight(day: date, zone: tzinfo | None) -> float:
    """Unix time of the midnight that begins a local day; ``zone`` None is the system's."""
    return datetime.combine(day, time(), zone).timestamp()


def boundaries(start: float, end: float, by: Step, zone: tzinfo | None) -> list[float]:
    """The borders of the periods between two moments (unix seconds, start < end).

    Returns ``start``, then every full local hour, midnight or midnight before a Monday in between, then ``end``. A day
    has 23 to 25 hours when clocks change; an hour that the clock repeats is there twice. ``zone`` None is the system's.
    """
    moments = [start]
    while (following := _next(moments[-1], by, zone)) < end:
        moments.append(following)
    return [*moments, end]


def _next(moment: float, by: Step, zone: tzinfo | None) -> float:
    local = datetime.fromtimestamp(moment, zone)
    if by == "hour":
        return moment + 3600 - (local.minute * 60 + local.second + local.microsecond / 1e6)
    days = 1 if by == "day" else 7 - local.weekday()
    return midnight(local.date() + timedelta(days=days), zone)
