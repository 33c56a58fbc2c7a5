"""The heartbeat row: the agent's health, all that the dashboard knows of the agent's process."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Health:
    """How the agent was at ``at`` (unix seconds)."""

    at: float
    started_at: float
    camera: str
    """"running", "opening", "failed" or "ended"."""
    camera_source: str
    camera_error: str | None
    frames: int
    dropped: int
    fps: float
    """Frames a second through the pipeline, over the last seconds."""
    latency_ms: float
    """Median time of a frame from capture to counted, in milliseconds."""
    temperature_c: float | None
    """SoC temperature in degrees Celsius, None where the machine tells none."""
    memory_mb: float
    """Resident memory of the agent."""
    model: str
    uplink: str
    """"off", "idle", "sending", "retrying" or "stopped"."""
    people_in_view: int = 0
    clock: str = "unknown"
    """"synchronised", "unsynchronised" or "unknown"."""
    throttled: bool = False
    """Whether fewer frames are looked at because the processor is hot."""
    store_failures: int = 0
    """Attempts to write the database that failed since the agent started."""
    visits_lost: int = 0
    """Visits that were counted while nothing could be written, and were too many to be kept in memory."""


class Heartbeat:
    """Writes and reads the row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, health: Health) -> None:
        """Replace the row."""
        self._connection.execute(
            "INSERT OR REPLACE INTO facts (name, at, value) VALUES ('health', ?, ?)",
            (health.at, json.dumps(dataclasses.asdict(health))),
        )

    def read(self) -> Health | None:
        """The last health, None if no agent ever ran."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'health'").fetchone()
        if row is None:
            return None
        # An agent of another version, before or after an update, may have told more or less.
        known = {field.name for field in dataclasses.fields(Health)}
        return Health(**{name: value for name, value in json.loads(row["value"]).items() if name in known})
