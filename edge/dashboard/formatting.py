"""Values as text for people. A dash stands for a value that is not known."""

from __future__ import annotations

from datetime import date

from edge.counting.visit import Visit
from edge.dashboard.day import Hour
from edge.dashboard.localtime import Zone, local

DASH = "–"


def whole(value: float | None) -> str:
    """A number without decimals."""
    return DASH if value is None else f"{value:.0f}"


def share(value: float | None) -> str:
    """A share (0..1) in per cent."""
    return DASH if value is None else f"{100 * value:.0f} %"


def counted(count: int, one: str, many: str) -> str:
    """``1 visit``, ``2 visits``."""
    return f"{count:,} {one if count == 1 else many}"


def sentence(text: str) -> str:
    """``text`` as a sentence, with a capital letter and a full stop; an empty text stays empty."""
    return f"{text[0].upper()}{text[1:]}." if text else ""


def clock(at: float, zone: Zone) -> str:
    """Local time of day of ``at`` (unix seconds): "19:42"."""
    return f"{local(at, zone):%H:%M}"


def moment(at: float | None, now: float, zone: Zone) -> str:
    """Local time of ``at``, with its date unless that is the date of ``now``; "never" for None."""
    if at is None:
        return "never"
    then = local(at, zone)
    return f"{then:%H:%M}" if then.date() == local(now, zone).date() else f"{then:%d %b, %H:%M}"


def long_date(day: date) -> str:
    """A date as "Monday 23 November"."""
    return f"{day:%A} {day.day} {day:%B}"


def short_date(day: date) -> str:
    """A date as "Mon 23 Nov"."""
    return f"{day:%a} {day.day} {day:%b}"


def age(visit: Visit) -> str:
    """Apparent age with its 80 % interval: "34 (28–41)"."""
    if visit.age is None:
        return DASH
    interval = f" ({visit.age_interval[0]:.0f}–{visit.age_interval[1]:.0f})" if visit.age_interval else ""
    return f"{visit.age:.0f}{interval}"


def duration(seconds: float) -> str:
    """Seconds as "6 s", "2 min 05 s", "3 h 20 min" or "4 days"."""
    whole_s = round(seconds)
    if whole_s < 60:
        return f"{whole_s} s"
    if whole_s < 3600:
        return f"{whole_s // 60} min {whole_s % 60:02d} s"
    if whole_s < 48 * 3600:
        return f"{whole_s // 3600} h {whole_s % 3600 // 60:02d} min"
    return f"{whole_s // 86400} days"


def size(count: float) -> str:
    """Bytes in the unit that fits: "12.3 GB", "840 MB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def hour(value: Hour | None, zone: Zone) -> str:
    """An hour from its start to its end, as "19:00–20:00"."""
    return DASH if value is None else f"{value.label}–{clock(value.end, zone)}"
