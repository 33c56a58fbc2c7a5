"""Storage of received events, in SQLite or, by URL, PostgreSQL. Each event, by (source, id), is stored once."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cloud.receiver.request import Event, RequestRefused
from edge.errors import BadInput, MaitredError

POSTGRESQL = ("postgresql://", "postgres://")
TABLE = """CREATE TABLE IF NOT EXISTS census_events (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    time TEXT NOT NULL,
    received_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    body TEXT NOT NULL,
    UNIQUE (source, id)
)"""
CONNECT_S = 10


class Unavailable(MaitredError):
    """The database cannot be used at the moment."""


class Archive:
    """Stores events, those of one request all or none. Each thread has its own connection; a failed one is replaced."""

    def __init__(self, connect: Callable[[], Any], mark: str, errors: type[Exception], name: str) -> None:
        self._connect = connect
        self._mark = mark
        self._errors = (errors,)
        self._mine = threading.local()
        self._name = name
        self._run(lambda connection: connection.execute(TABLE))

    @classmethod
    def open(cls, address: str) -> Archive:
        """The archive at ``address``, a path or ``postgresql://user@host/database``; its table is created if missing.

        Raises:
            BadInput: the address is of another kind.
            MaitredError: the driver for PostgreSQL is not installed.
            Unavailable: the database cannot be used.
        """
        if address.startswith(POSTGRESQL):
            try:
                import psycopg
            except ImportError as error:
                raise MaitredError("PostgreSQL needs its driver: pip install 'maitred[cloud]'") from error
            name = address.rpartition("@")[2]  # without a password
            return cls(lambda: psycopg.connect(address, connect_timeout=CONNECT_S), "%s", psycopg.Error, name)
        if "://" in address:
            raise BadInput(f"{address.partition('://')[0]}://: --database takes a path (SQLite) or postgresql://…")
        return cls(lambda: _sqlite(Path(address)), "?", sqlite3.Error, address)

    def store(self, events: Sequence[Event]) -> int:
        """Store all of ``events`` or none of them; returns how many were new.

        Raises:
            RequestRefused: an event was received before with other content.
            Unavailable: the database cannot be used at the moment.
        """
        return int(self._run(lambda connection: sum(self._add(connection, event) for event in events)))

    def count(self) -> int:
        """Number of events stored so far."""
        return int(self._run(lambda c: c.execute("SELECT count(*) FROM census_events").fetchone()[0]))

    def bodies(self) -> list[str]:
        """The texts of all events, in the order of their arrival within a device's stream."""
        rows = self._run(lambda c: c.execute("SELECT body FROM census_events ORDER BY source, time").fetchall())
        return [row[0] for row in rows]

    def _add(self, connection: Any, event: Event) -> bool:
        values, key = (event.source, event.id, event.time, event.body), (event.source, event.id)
        insert = "INSERT INTO census_events (source, id, time, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if connection.execute(insert.replace("?", self._mark), values).rowcount:
            return True
        select = "SELECT body FROM census_events WHERE source = ? AND id = ?"
        if connection.execute(select.replace("?", self._mark), key).fetchone()[0] != event.body:
            raise RequestRefused(422, f"{event.id} was received before with other content")
        return False

    def _run(self, work: Callable[[Any], Any]) -> Any:
        connection = getattr(self._mine, "connection", None)
        try:
            if connection is not None:
                with contextlib.suppress(*self._errors):  # the database may have been restarted since
                    return _committed(connection, work)
                self._forget()
            self._mine.connection = self._connect()
            return _committed(self._mine.connection, work)
        except self._errors as error:
            self._forget()
            raise Unavailable(f"{self._name}: cannot use the database: {error}") from error

    def _forget(self) -> None:
        connection, self._mine.connection = getattr(self._mine, "connection", None), None
        if connection is not None:
            with contextlib.suppress(*self._errors):
                connection.close()


def _committed(connection: Any, work: Callable[[Any], Any]) -> Any:
    try:
        result = work(connection)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return result


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=CONNECT_S)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
