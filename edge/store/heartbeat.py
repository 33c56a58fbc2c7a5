"""The heartbeat: the agent's health, all that the dashboard knows of the agent's process."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from edge.store.named_values import NamedValues
from edge.system.atomic_files import replace_file

STATE_FOLDER, RUNTIME_FOLDER = Path("/var/lib"), Path("/run")


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
    """Frames that nobody looked at because the machine was busy."""
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
    looks_at_every: int = 1
    """One frame in so many is looked at: 1 while the machine keeps up."""
    store_error: str | None = None
    """Why the database cannot be written now; visits wait in memory meanwhile."""
    visits_waiting: int = 0
    """Visits in memory that are not in the database yet."""
    version: str = ""
    """Of maitred."""
    release: str = ""
    """Name of the environment's folder: which of the releases on the device this agent is of."""

    @classmethod
    def parse(cls, text: str) -> Health:
        """Of JSON. An agent of another version, before or after an update, may have told more or less."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


class Heartbeat:
    """Writes and reads the health of the agent on a database.

    Every two seconds would cost a card 7 MB an hour. So a database under /var/lib has its heartbeat in RAM: a file
    under /run, if the agent was given a folder there. Any other keeps it as a row of its own.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._values = NamedValues(connection)
        self._file = heartbeat_file(Path(connection.execute("PRAGMA database_list").fetchone()["file"]))

    def write(self, health: Health, *, last: bool = False) -> None:
        """Replace the heartbeat; the ``last`` one outlives the machine's RAM."""
        text = json.dumps(dataclasses.asdict(health))
        if self._file is not None:
            replace_file(self._file, text.encode())
        if self._file is None or last:
            self._values.write("health", text, health.at)

    def read(self) -> Health | None:
        """The last health, None if no agent ever ran."""
        text = None
        if self._file is not None:
            with contextlib.suppress(FileNotFoundError):
                text = self._file.read_text(encoding="utf-8")
        text = text or self._values.read("health")
        return None if text is None else Health.parse(text)


def read_health(database: Path) -> Health | None:
    """The last health of the agent on ``database``, whose schema may be of another version; None if there is none."""
    try:
        file = heartbeat_file(database)
        if file is not None:
            return Health.parse(file.read_text(encoding="utf-8"))
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM facts WHERE name = 'health'").fetchone()
            return None if row is None else Health.parse(row[0])
    except (OSError, sqlite3.Error, ValueError, TypeError):
        return None


def heartbeat_file(database: Path) -> Path | None:
    """Where the heartbeat of ``database`` is, None if it is a row of the database."""
    if not database.is_relative_to(STATE_FOLDER):
        return None
    folder = RUNTIME_FOLDER / database.parent.relative_to(STATE_FOLDER)
    return folder / f"{database.name}-heartbeat" if folder != RUNTIME_FOLDER and folder.is_dir() else None
