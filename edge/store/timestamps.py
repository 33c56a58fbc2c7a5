"""Times that follow the clock: a Pi has no clock of its own, and learns the time minutes after it has begun to
count."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from edge.store.named_values import NamedValues

CLOCK_STEP_S = 2.0
"""If the clock differs from the monotonic clock by more than this (seconds), it was set."""
TRUSTED_DAYS_PER_DAY = 30.0
"""For each day that the agent has run, retention moves on by at most this many days."""


class Timestamps:
    """Moves visits that are not in a window yet when the clock is set.

    The database remembers the boot, the difference between its monotonic clock and the wall clock, and the first visit
    and event of that boot. The times of all its open visits were computed with that difference. When it changes, they
    are moved, and so are the ages of the events in the outbox. Visits in a window may have been sent, so they stay.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._values = NamedValues(connection)

    def follow(self, boot: str, offset: float, now: float) -> int:
        """Move open visits to the present clock, in the caller's transaction. Returns how many were moved.

        Args:
            boot: see :func:`edge.system.clock.boot_id`; empty if it is unknown, then a restart counts as a boot.
            offset: seconds from the monotonic clock to the wall clock.
            now: unix seconds.
        """
        known = self._read("clock")
        same_boot = known is not None and known["boot"] == boot != ""
        if known is not None and same_boot and abs(offset - known["offset"]) <= CLOCK_STEP_S:
            return 0
        moved = 0
        if known is not None and same_boot:
            first, event = known["first"], known["event"]
            moved = self._shift(offset - known["offset"], first)
            self._connection.execute(
                "UPDATE outbox SET created_at = created_at + ? WHERE sequence >= ?", (offset - known["offset"], event)
            )
        else:
            first, event = self._next("visits", "id"), self._next("outbox", "sequence")
        # Visits of an earlier boot whose clock was ahead: their times are unknown, but not in the future.
        moved += self._connection.execute(
            "UPDATE visits SET started_at = started_at + :now - counted_at, ended_at = ended_at + :now - counted_at,"
            " counted_at = :now WHERE window_id IS NULL AND id < :first AND counted_at > :now",
            {"now": now, "first": first},
        ).rowcount
        self._write("clock", now, {"boot": boot, "offset": offset, "first": first, "event": event})
        return moved

    def retention_now(self, now: float, ran_s: float) -> float:
        """The moment from which retention times are counted back, in unix seconds; in the caller's transaction.

        This is ``now``, but it never moves on by more than :data:`TRUSTED_DAYS_PER_DAY` times ``ran_s``, the seconds
        for which the agent has run since the last call: if the clock jumps ahead by years, visits must not be deleted.
        """
        known = self._read("retention")
        believed = now if known is None else min(now, known["now"] + TRUSTED_DAYS_PER_DAY * ran_s)
        self._write("retention", now, {"now": believed})
        return believed

    def _shift(self, seconds: float, first: int) -> int:
        return self._connection.execute(
            "UPDATE visits SET started_at = started_at + :seconds, ended_at = ended_at + :seconds,"
            " counted_at = counted_at + :seconds WHERE window_id IS NULL AND id >= :first",
            {"seconds": seconds, "first": first},
        ).rowcount

    def _next(self, table: str, key: str) -> int:
        return int(self._connection.execute(f"SELECT coalesce(max({key}), 0) + 1 FROM {table}").fetchone()[0])  # noqa: S608

    def _read(self, name: str) -> dict[str, Any] | None:
        text = self._values.read(name)
        return None if text is None else dict(json.loads(text))

    def _write(self, name: str, at: float, value: dict[str, object]) -> None:
        self._values.write(name, json.dumps(value), at)
