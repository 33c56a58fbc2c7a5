"""The JSON of the API. Times are unix seconds, ages are years, shares are 0..1; null stands for an unknown value."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify

from edge.dashboard.day import Day, Summary
from edge.dashboard.reader import Now
from edge.dashboard.status import Status, redacted
from edge.store import StoredVisit
from edge.system.machine import Disk
from edge.system.redaction import redact


def day(value: Day) -> dict[str, Any]:
    """A day with its hours and age bands."""
    return {
        **summary(value.summary),
        "entries": value.entries,
        "exits": value.exits,
        "excluded": value.excluded,
        "hours": [asdict(hour) for hour in value.by_hour],
        "bands": [asdict(row) for row in value.pyramid],
    }


def summary(value: Summary) -> dict[str, Any]:
    """A day in one line."""
    return {**asdict(value), "date": value.date.isoformat(), "female_share": value.female_share}


def visit(stored: StoredVisit) -> dict[str, Any]:
    """A visit. ``age`` is the apparent age; its interval holds the labelled age in 80 % of cases."""
    values = asdict(stored.visit)
    # Excluded visits are not in this list, and the model's own interval serves only to correct shares.
    del values["excluded"], values["own_interval"]
    return {
        "id": stored.id,
        **values,
        "dwell_s": round(stored.visit.dwell_s, 3),
        "gender": stored.visit.gender,
    }


def health(now: Now, disk: Disk, *, sends: bool) -> dict[str, Any]:
    """The agent's last heartbeat, and what follows from it.

    Args:
        now: the store at one moment.
        disk: the file system of the database.
        sends: whether events leave the device.
    """
    status = Status(now.health, now.at)
    heartbeat = redacted(now.health)
    error, placement = now.outbox.last_error, now.placement
    return {
        "status": "failing" if status.reasons else "ok",
        "reasons": [redact(reason) for reason in status.reasons],
        "heartbeat_age_s": status.heartbeat_age_s,
        "heartbeat": None if heartbeat is None else asdict(heartbeat),
        "outbox": {**asdict(now.outbox), "last_error": None if error is None else redact(error)},
        "upload": sends,
        "disk": {"free": disk.free, "total": disk.total},
        "entrance": {"verdict": placement.verdict, "found": placement.found, "way_out": placement.way_out},
    }


def verdict(reasons: list[str], status: int = 503) -> Response:
    """An answer of status 200 if there are no ``reasons``, else of ``status`` with the reasons."""
    response = jsonify(status="failing" if reasons else "ok", reasons=[redact(reason) for reason in reasons])
    response.status_code = status if reasons else 200
    return response
