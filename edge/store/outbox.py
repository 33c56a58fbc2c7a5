"""The outbox table: events on their way to the cloud."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Queued:
    """An immutable event: ``body`` is the exact text that is signed and sent, ``id`` is stable across retries."""

    id: str
    body: str
    attempts: int


@dataclass(frozen=True)
class OutboxState:
    """Counts and last outcome, for the dashboard and ``doctor``."""

    queued: int
    delivered: int
    rejected: int
    dropped: int
    last_delivered_at: float | None
    last_error: str | None


class Outbox:
    """Events in the order of their creation. Nothing leaves the queue but acknowledged, rejected or out of date."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, event_id: str, body: str, at: float) -> None:
        """Queue an event; called in the transaction that closes its window."""
        self._connection.execute("INSERT INTO outbox (id, created_at, body) VALUES (?, ?, ?)", (event_id, at, body))

    def next(self, limit: int = 1) -> list[Queued]:
        """The oldest queued events, oldest first."""
        rows = self._connection.execute(
            "SELECT id, body, attempts FROM outbox WHERE state = 'queued' ORDER BY sequence LIMIT ?", (limit,)
        )
        return [Queued(row["id"], row["body"], row["attempts"]) for row in rows]

    def delivered(self, event_id: str, at: float) -> None:
        """The endpoint acknowledged the event."""
        self._settle(event_id, "delivered", at, None)

    def rejected(self, event_id: str, at: float, error: str) -> None:
        """The endpoint will never take this event; it is kept for a person to look at."""
        self._settle(event_id, "rejected", at, error)

    def failed(self, event_id: str, error: str) -> None:
        """An attempt failed; the event stays queued."""
        self._connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE id = ?", (error, event_id)
        )

    def state(self) -> OutboxState:
        """How delivery stands."""
        counts = dict(self._connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
        row = self._connection.execute("SELECT max(settled_at) FROM outbox WHERE state = 'delivered'").fetchone()
        error = self._connection.execute(
            "SELECT last_error FROM outbox WHERE state = 'queued' AND last_error IS NOT NULL ORDER BY sequence LIMIT 1"
        ).fetchone()
        dropped = self._connection.execute("SELECT value FROM facts WHERE name = 'outbox_dropped'").fetchone()
        return OutboxState(
            counts.get("queued", 0), counts.get("delivered", 0), counts.get("rejected", 0),
            int(dropped[0]) if dropped else 0, row[0], error[0] if error else None,
        )  # fmt: skip

    def delete_before(self, moment: float, at: float) -> int:
        """Forget events older than ``moment``; those never delivered are counted as dropped. Returns that number."""
        dropped = self._connection.execute(
            "DELETE FROM outbox WHERE created_at < ? AND state = 'queued'", (moment,)
        ).rowcount
        self._connection.execute("DELETE FROM outbox WHERE created_at < ?", (moment,))
        if dropped:
            self._connection.execute(
                "INSERT INTO facts (name, at, value) VALUES ('outbox_dropped', ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET at = excluded.at, value = CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER)",
                (at, str(dropped)),
            )
        return dropped

    def _settle(self, event_id: str, state: str, at: float, error: str | None) -> None:
        self._connection.execute(
            "UPDATE outbox SET state = ?, settled_at = ?, attempts = attempts + 1, last_error = ? WHERE id = ?",
            (state, at, error, event_id),
        )
