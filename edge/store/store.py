"""The store: one connection, one object a table, and the transactions that span tables."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic, Window, tally
from edge.config.store import Store as StoreSettings
from edge.counting.visit import Visit
from edge.store.damage import DatabaseRepair, delete_quarantined, repair
from edge.store.database import connect, transaction
from edge.store.downgrade import downgrade_database
from edge.store.entrance import EntranceStore
from edge.store.heartbeat import Heartbeat
from edge.store.named_values import NamedValues
from edge.store.outbox import Outbox
from edge.store.timestamps import Timestamps
from edge.store.visits import Visits
from edge.store.windows import Windows
from edge.system.closing import Closing

DAY_S = 86400.0
MB = 1_000_000
AGENT_WAITS_MS = 500
LOST = "visits_lost"
MENDED = "mended"
Event = tuple[str, str]
"""Id and body of what is to be sent."""


class Store(Closing):
    """What was counted, on disk. A connection belongs to one thread: open one for each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.visits = Visits(connection)
        self.windows = Windows(connection)
        self.outbox = Outbox(connection)
        self.heartbeat = Heartbeat(connection)
        self._values = NamedValues(connection)
        self.entrance = EntranceStore(connection)
        self._timestamps = Timestamps(connection)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open, and unless ``read_only`` create and migrate, the database at ``path``.

        Raises:
            StoreDamaged: its content is damaged.
            StoreError: it cannot be used.
        """
        return cls(connect(path, read_only=read_only))

    @classmethod
    def open_repaired(cls, path: Path, now: float, *, damaged: bool = False) -> Self:
        """Open as the agent does: a damaged database is set aside, and what is readable moves to a fresh one. So is one
        that a newer release has upgraded, before it was taken back.

        Args:
            path: of the database.
            now: unix seconds, for the damaged file's new name.
            damaged: it is known to be damaged; else it is checked, quickly.

        Raises:
            StoreError: it cannot be used, for another reason than damage.
        """
        downgrade_database(path, now)
        repaired = repair(path, now, damaged=damaged)
        store = cls.open(path)
        # The frame loop has this connection: it rather tries again than wait for another process.
        store._connection.execute(f"PRAGMA busy_timeout = {AGENT_WAITS_MS}")
        if repaired is not None:
            store._values.write(MENDED, repaired.text, now)
        return store

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing of what is written inside: one wait for the card instead of many."""
        return transaction(self._connection)

    def record(self, visits: Sequence[Visit], counted_at: float) -> None:
        """Store finished visits, all or none."""
        self.record_all([(visit, counted_at) for visit in visits])

    def record_all(self, counted: Sequence[tuple[Visit, float]], lost: int = 0) -> None:
        """Store finished visits with the moment at which each was counted, all or none.

        ``lost`` more were counted, but given up before they could be stored: their number is kept.
        """
        with self.transaction():
            self.visits.add(counted)
            if lost:
                self._values.count(LOST, lost, counted[-1][1] if counted else 0.0)

    @property
    def lost_visits(self) -> int:
        """Visits that were counted while the database took nothing, and given up for want of memory."""
        return self._values.counter(LOST)[0]

    @property
    def last_repair(self) -> DatabaseRepair | None:
        """When this database last took the place of a damaged one, None if it never did."""
        text = self._values.read(MENDED)
        return None if text is None else DatabaseRepair.parse(text)

    def close_window(
        self, start: float, end: float, bands: AgeBands, traffic: Traffic, event_of: Callable[[Window], Event | None],
        now: float | None = None,
    ) -> Window:  # fmt: skip
        """Close ``[start, end)``: its visits, its counts and its event become one fact, or none of them does.

        The event is as old as its time in the queue, which begins ``now`` (unix seconds; by default at the window's
        end): a window that a device closes after a month in a drawer must not be too old to be sent.

        A visit that was counted late, after its own window had closed, is held by the next one: every visit is in
        exactly one window.
        """
        with self.transaction():
            visits = self.visits.uncounted_before(end)
            window = tally(start, end, [stored.visit for stored in visits], bands, traffic)
            self.visits.assign(visits, self.windows.add(window))
            event = event_of(window)
            if event is not None:
                self.outbox.add(*event, at=end if now is None else now)
        return window

    def follow_clock(self, boot: str, offset: float, now: float) -> int:
        """Stamp the visits that no window holds yet as the clock stands now; see :meth:`Timestamps.follow`."""
        with self.transaction():
            return self._timestamps.follow(boot, offset, now)

    def prune(self, now: float, keep: StoreSettings, ran_s: float = math.inf) -> int:
        """Apply the bounds; returns how many undelivered events were dropped (also counted in the outbox).

        ``ran_s``: seconds for which the agent has run since the last call; see :meth:`Timestamps.retention_now`.
        """
        with self.transaction():
            now = self._timestamps.retention_now(now, ran_s)
            delete_quarantined(keep.path, now, keep.keep_visits_days * DAY_S)
            self.visits.delete_before(now - keep.keep_visits_days * DAY_S)
            self.windows.delete_before(now - keep.keep_windows_days * DAY_S)
            return self.outbox.apply_bounds(now - keep.keep_outbox_days * DAY_S, keep.keep_outbox_mb * MB, now)
