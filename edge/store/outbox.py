"""The outbox: events that wait to be sent, and dead letters, which the receiver refused."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edge.store.named_values import NamedValues

DELIVERED, DROPPED = "outbox_delivered", "outbox_dropped"


@dataclass(frozen=True)
class QueuedEvent:
    """An event that waits to be sent. ``body`` is the exact text that is signed and sent; ``id`` stays the same when it
    is sent again.
    """

    id: str
    body: str
    attempts: int


@dataclass(frozen=True)
class DeadLetter:
    """An event that the endpoint refused for good: when (unix seconds) and why."""

    id: str
    rejected_at: float
    reason: str


@dataclass(frozen=True)
class OutboxState:
    """Numbers of events by what happened to them, and the last outcome, for the dashboard and ``doctor``."""

    queued: int
    delivered: int
    rejected: int
    dropped: int
    last_delivered_at: float | None
    last_error: str | None


class Outbox:
    """Events in the order of their creation. An event leaves the queue only if it was acknowledged, was refused, or is
    beyond the bounds of age and size.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._values = NamedValues(connection)

    def add(self, event_id: str, body: str, at: float) -> None:
        """Queue an event. Call this in the transaction that closes its window."""
        self._connection.execute("INSERT INTO outbox (id, created_at, body) VALUES (?, ?, ?)", (event_id, at, body))

    def next(self, limit: int = 1) -> list[QueuedEvent]:
        """The oldest queued events, at most ``limit``, oldest first."""
        rows = self._connection.execute("SELECT id, body, attempts FROM outbox ORDER BY sequence LIMIT ?", (limit,))
        return [QueuedEvent(row["id"], row["body"], row["attempts"]) for row in rows]

    def mark_delivered(self, event_id: str, at: float) -> None:
        """The endpoint acknowledged the event: count it and delete it. If this is called twice, it is counted once."""
        if self._remove(event_id):
            self._values.count(DELIVERED, 1, at)

    def mark_rejected(self, event_id: str, at: float, error: str) -> None:
        """The endpoint will never accept this event: make it a dead letter, for a person to look at."""
        self._connection.execute(
            "INSERT INTO dead_letters (sequence, id, created_at, rejected_at, body, reason)"
            " SELECT sequence, id, created_at, ?, body, ? FROM outbox WHERE id = ?",
            (at, error, event_id),
        )
        self._remove(event_id)

    def mark_failed(self, event_id: str, error: str) -> None:
        """An attempt to send the event failed: count the attempt. The event stays queued."""
        self._connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE id = ?", (error, event_id)
        )

    def state(self) -> OutboxState:
        """The present state of delivery."""
        delivered, last_delivered_at = self._values.counter(DELIVERED)
        error = self._connection.execute("SELECT last_error FROM outbox ORDER BY sequence LIMIT 1").fetchone()
        return OutboxState(
            self._size("outbox"), delivered, self._size("dead_letters"), self.dropped,
            last_delivered_at, error[0] if error else None,
        )  # fmt: skip

    @property
    def dropped(self) -> int:
        """Number of events dropped undelivered since the database was made, because they were too old or too many."""
        return self._values.counter(DROPPED)[0]

    def dead_letters(self, limit: int = 10) -> list[DeadLetter]:
        """The newest refused events, newest first."""
        rows = self._connection.execute(
            "SELECT id, rejected_at, reason FROM dead_letters ORDER BY sequence DESC LIMIT ?", (limit,)
        )
        return [DeadLetter(row["id"], row["rejected_at"], row["reason"]) for row in rows]

    def requeue(self) -> int:
        """Put all dead letters back to their old places in the queue. Returns how many."""
        moved = self._connection.execute(
            "INSERT OR IGNORE INTO outbox (sequence, id, created_at, body)"
            " SELECT sequence, id, created_at, body FROM dead_letters"
        ).rowcount
        self._connection.execute("DELETE FROM dead_letters WHERE id IN (SELECT id FROM outbox)")
        return moved

    def apply_bounds(self, oldest: float, most_bytes: int, at: float) -> int:
        """Drop events that were created before ``oldest`` (unix seconds), and the oldest of those that are together
        more than ``most_bytes`` of text.

        Dropped events are counted; returns how many. Dead letters are deleted by the same bounds, without counting.
        """
        dropped = self._drop("outbox", oldest, most_bytes)
        self._drop("dead_letters", oldest, most_bytes)
        if dropped:
            self._values.count(DROPPED, dropped, at)
        return dropped

    def _drop(self, table: str, oldest: float, most_bytes: int) -> int:
        by_age = self._connection.execute(f"DELETE FROM {table} WHERE created_at < ?", (oldest,)).rowcount  # noqa: S608
        # Backwards from the newest: the first event with which the sum is too large, and all before it.
        by_size = self._connection.execute(
            f"DELETE FROM {table} WHERE sequence <= (SELECT max(sequence) FROM (SELECT sequence,"  # noqa: S608
            f" sum(length(CAST(body AS BLOB))) OVER (ORDER BY sequence DESC) AS size FROM {table}) WHERE size > ?)",
            (most_bytes,),
        ).rowcount
        return by_age + by_size

    def _remove(self, event_id: str) -> bool:
        return self._connection.execute("DELETE FROM outbox WHERE id = ?", (event_id,)).rowcount > 0

    def _size(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
