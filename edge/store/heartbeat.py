"""The heartbeat: the agent's health. The dashboard knows nothing else about the agent's process."""

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
    """The state of the agent at ``at`` (unix seconds)."""

    at: float
    started_at: float
    camera: str
    """"running", "opening", "failed" or "ended"."""
    camera_source: str
    camera_error: str | None
    frames: int
    dropped: int
    """Number of frames that were not processed because the machine was busy."""
    fps: float
    """Frames processed per second, over the last seconds."""
    latency_ms: float
    """Median time from the capture of a frame to the end of its processing, in milliseconds."""
    temperature_c: float | None
    """Temperature of the processor in degrees Celsius; None if the machine does not report it."""
    memory_mb: float
    """Resident memory of the agent in megabytes."""
    model: str
    uplink: str
    """"off", "idle", "sending", "retrying" or "stopped"."""
    people_in_view: int = 0
    clock: str = "unknown"
    """"synchronised", "unsynchronised" or "unknown"."""
    throttled: bool = False
    """Whether fewer frames are processed because the processor is hot."""
    looks_at_every: int = 1
    """One frame in this many is processed: 1 while the machine keeps up."""
    store_error: str | None = None
    """Why the database cannot be written at the moment; None if it can. Visits wait in memory."""
    visits_waiting: int = 0
    """Number of visits in memory that are not in the database yet."""
    version: str = ""
    """Version of maitred."""
    release: str = ""
    """Name of the folder with the agent's Python environment: it says which release on the device is running."""

    @classmethod
    def parse(cls, text: str) -> Health:
        """Read JSON. An agent of another version, before or after an update, may have written other members."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


class Heartbeat:
    """Writes and reads the health of the agent on a database.

    Writing it every two seconds would cost a memory card 7 MB an hour. So for a database under /var/lib the heartbeat
    is in RAM: a file under /run, if the agent has a folder there. Otherwise it is a row of the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._values = NamedValues(connection)
        self._file = heartbeat_file(Path(connection.execute("PRAGMA database_list").fetchone()["file"]))

    def write(self, health: Health, *, last: bool = False) -> None:
        """Replace the heartbeat. The ``last`` one is always written to the database."""
        text = json.dumps(dataclasses.asdict(health))
        if self._file is not None:
            replace_file(self._file, text.encode())
        if self._file is None or last:
            self._values.write("health", text, health.at)

    def read(self) -> Health | None:
        """The last health; None if no agent has ever run."""
        text = None
        if self._file is not None:
            with contextlib.suppress(FileNotFoundError):
                text = self._file.read_text(encoding="utf-8")
        text = text or self._values.read("health")
        return None if text is None else Health.parse(text)


def read_health(database: Path) -> Health | None:
    """The last health of the agent that uses ``database``, whose schema may be of another version; None if there is
    none.
    """
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
    """The file with the heartbeat of ``database``; None if it is a row of the database."""
    if not database.is_relative_to(STATE_FOLDER):
        return None
    folder = RUNTIME_FOLDER / database.parent.relative_to(STATE_FOLDER)
    return folder / f"{database.name}-heartbeat" if folder != RUNTIME_FOLDER and folder.is_dir() else None
