"""What Home Assistant shows: the state of the counts, and the discovery message that makes sensors of it.

The state is computed from what the events of the closed windows disclose, and from nothing else: it says no more than
they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from edge.census.age_bands import AgeBands
from edge.census.periods import midnight
from edge.census.suppression import Disclosed, disclose, possible_cells
from edge.census.window import Cell, Window
from edge.config.settings import Settings

LOOK_BACK_S = 2 * 86400.0
"""The last window may be of yesterday."""


def topics(settings: Settings) -> dict[str, str]:
    """Topics by what is on them: ``census`` (events), ``state``, ``availability`` and ``discovery``."""
    site, mqtt = settings.site, settings.mqtt
    base = f"{mqtt.topic}/{site.name}/{site.device}"
    own = {kind: f"{base}/{kind}" for kind in ("census", "state", "availability")}
    return {**own, "discovery": f"{mqtt.discovery_topic}/device/{_id(settings)}/config"}


def state(windows: Sequence[Window], settings: Settings, now: float) -> dict[str, Any]:
    """The state as of ``now`` (unix seconds); null is what is withheld or not known.

    Args:
        windows: those that closed within LOOK_BACK_S before ``now``, oldest first.
        settings: bands, smallest cell, time zone.
        now: ``visits_today`` and ``inside`` are about the local day of this moment.

    Returns:
        ``visits_today`` and ``inside`` (entries minus exits) are sums over the windows since local midnight. If even
        the sum of a window is withheld, ``visits_today`` leaves that window out and ``inside`` is null. The others are
        about the last window; ``counts`` has one member for each combination of band and gender.
    """
    cells = _cells(settings)
    begun = midnight(datetime.fromtimestamp(now, UTC).astimezone(settings.site.zone).date(), settings.site.zone)
    disclosed = [(window, disclose(window, cells, settings.census.min_cell)) for window in windows]
    today = [each for window, each in disclosed if window.start >= begun]
    window, last = disclosed[-1] if disclosed else (None, None)
    return {
        "window_end": None if window is None else datetime.fromtimestamp(window.end, UTC).isoformat(timespec="seconds"),
        "visits_today": sum(each.visits or 0 for each in today),
        "windows_withheld_today": sum(each.visits is None for each in today),
        "inside": _inside(today),
        "visits": None if last is None else last.visits,
        "entries": None if last is None else last.entries,
        "exits": None if last is None else last.exits,
        "counts": {_key(cell): None if last is None else last.counts.get(cell) for cell in cells},
    }


def discovery(settings: Settings, model: str) -> dict[str, Any]:
    """The message that makes sensors of :func:`state` (device discovery, Home Assistant 2024.11 and newer)."""
    where, own = topics(settings), _id(settings)
    sensors = {
        "visits_today": ("Visits today", "visits", "mdi:counter"),
        "inside": ("Inside", "people", "mdi:account-multiple"),
        "visits": ("Visits in the last window", "visits", "mdi:account-clock"),
        "entries": ("Entries in the last window", "visits", "mdi:location-enter"),
        "exits": ("Exits in the last window", "visits", "mdi:location-exit"),
    }
    found = {key: _sensor(own, key, f"value_json.{key}", *rest) for key, rest in sensors.items()}
    found["visits_today"]["state_class"] = "total_increasing"  # it begins again at midnight
    for cell in _cells(settings):
        band, gender = cell
        name = "No age" if band == "unknown" else f"{band}, {'no gender' if gender == 'unknown' else gender}"
        value = f"value_json.counts['{_key(cell)}']"
        found[f"count_{_key(cell)}"] = _sensor(own, f"count_{_key(cell)}", value, name, "visits", "mdi:account")
    found["window_end"] = {
        "platform": "sensor",
        "unique_id": f"{own}_window_end",
        "name": "Last window",
        "device_class": "timestamp",
        "value_template": "{{ value_json.window_end }}",
        "entity_category": "diagnostic",
    }
    return {
        "device": {
            "identifiers": [own],
            "name": f"{settings.site.name} {settings.site.device}",
            "manufacturer": "maitred",
            "model": model,
            "sw_version": version("maitred"),
        },
        "origin": {"name": "maitred", "sw_version": version("maitred")},
        "state_topic": where["state"],
        "availability_topic": where["availability"],
        "qos": 1,
        "components": found,
    }


def _sensor(own: str, key: str, value: str, name: str, unit: str, icon: str) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "unique_id": f"{own}_{key}",
        "name": name,
        "icon": icon,
        "state_class": "measurement",
        "unit_of_measurement": unit,
        # "None" is how a template says that the value is not known.
        "value_template": f"{{{{ {value} }}}}",
    }


def _inside(today: Sequence[Disclosed]) -> int | None:
    crossings = [(each.entries, each.exits) for each in today]
    if not any(entries or exits for entries, exits in crossings) or any(None in pair for pair in crossings):
        return None
    return max(0, sum((entries or 0) - (exits or 0) for entries, exits in crossings))


def _cells(settings: Settings) -> tuple[Cell, ...]:
    return possible_cells(AgeBands(settings.census.bands), settings.census.no_gender_below)


def _key(cell: Cell) -> str:
    return "_".join(cell).replace("-", "_").replace("+", "_up")


def _id(settings: Settings) -> str:
    # Home Assistant takes letters, digits, _ and - here.
    return f"maitred_{settings.site.name}_{settings.site.device}".replace(".", "_")
