"""Local hours, days and weeks, safe across changes of the clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

Step = Literal["hour", "day", "week"]


def midnight(day: date, zone: tzinfo | None) -> float:
    """Unix time of the midnight that begins a local day; ``zone`` None is the system's."""
    return datetime.combine(day, time(), zone).timestamp()


def boundaries(start: float, end: float, by: Step, zone: tzinfo | None) -> list[float]:
    """``start``, every local hour, midnight or Monday midnight between, and ``end`` (unix seconds, start < end).

    A day is as long as its zone makes it, 23 to 25 hours at a change of the clock; an hour that the clock repeats is
    there twice. ``zone`` None is the system's.
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
