"""Local days and their hours; a day has 23, 24 or 25 hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo

from edge.census.periods import boundaries, midnight

Zone = tzinfo | None
"""None is the system's local zone, as in ``Site.zone``."""


def local(at: float, zone: Zone) -> datetime:
    """The aware local time of ``at`` (unix seconds)."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def today(at: float, zone: Zone) -> date:
    """The local date of ``at`` (unix seconds)."""
    return local(at, zone).date()


def day_bounds(day: date, zone: Zone) -> tuple[float, float]:
    """Unix times of the local midnights that begin and end ``day``."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def hours_of(start: float, end: float, zone: Zone) -> list[tuple[float, float, str]]:
    """``(start, end, label)`` of each hour of the day ``[start, end)``, unix seconds.

    If an hour happens twice, the labels name the time zone: "02:00 CEST" and "02:00 CET".
    """
    moments = boundaries(start, end, "hour", zone)
    times = [local(at, zone) for at in moments[:-1]]
    plain = [f"{moment:%H:%M}" for moment in times]
    often = Counter(plain)
    labels = [
        label if often[label] == 1 else f"{label} {moment.tzname()}" for label, moment in zip(plain, times, strict=True)
    ]
    return list(zip(moments, moments[1:], labels, strict=False))
