"""The store: one connection, one object for each table, and the transactions that change several tables."""

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
"""Id and body of an event to be sent."""


class Store(Closing):
    """Visits, windows and events on disk. A store belongs to one thread: open one for each."""

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
        """Open it as the agent does: a damaged database is set aside, and its readable rows are saved into a fresh one.
        Before that, a database that a newer release has upgraded is replaced too; see :mod:`edge.store.downgrade`.

        Args:
            path: of the database.
            now: unix seconds, for the damaged file's new name.
            damaged: damage is known; otherwise there is a quick check.

        Raises:
            StoreError: it cannot be used, for another reason than damage.
        """
        downgrade_database(path, now)
        repaired = repair(path, now, damaged=damaged)
        store = cls.open(path)
        # The frame loop uses this connection. It tries again later instead of waiting for another process.
        store._connection.execute(f"PRAGMA busy_timeout = {AGENT_WAITS_MS}")
        if repaired is not None:
            store._values.write(MENDED, repaired.text, now)
        return store

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Write everything inside, or nothing. The card is waited for once instead of many times."""
        return transaction(self._connection)

    def record(self, visits: Sequence[Visit], counted_at: float) -> None:
        """Store finished visits, all of them or none."""
        self.record_all([(visit, counted_at) for visit in visits])

    def record_all(self, counted: Sequence[tuple[Visit, float]], lost: int = 0) -> None:
        """Store finished visits, each with the time (unix seconds) at which it was counted, all of them or none.

        ``lost`` is the number of visits that were counted but given up before they could be stored; it is added up.
        """
        with self.transaction():
            self.visits.add(counted)
            if lost:
                self._values.count(LOST, lost, counted[-1][1] if counted else 0.0)

    @property
    def lost_visits(self) -> int:
        """Number of visits that were given up because the database could not be written and memory was full."""
        return self._values.counter(LOST)[0]

    @property
    def last_repair(self) -> DatabaseRepair | None:
        """The last time that this database replaced a damaged one; None if it never did."""
        text = self._values.read(MENDED)
        return None if text is None else DatabaseRepair.parse(text)

    def close_window(
        self, start: float, end: float, bands: AgeBands, traffic: Traffic, event_of: Callable[[Window], Event | None],
        now: float | None = None,
    ) -> Window:  # fmt: skip
        """Close the window ``[start, end)``. Its visits, its counts and its event are stored together or not at all.

        The age of the event is its time in the queue, which begins at ``now`` (unix seconds; by default at the window's
        end): if a device closes a window after a month in a drawer, the event must not be too old to be sent.

        A visit that was counted late, after its own window had closed, is in the next one: every visit is in exactly
        one window.
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
        """Move the visits that are not in a window yet to the present clock; see :meth:`Timestamps.follow`."""
        with self.transaction():
            return self._timestamps.follow(boot, offset, now)

    def prune(self, now: float, keep: StoreSettings, ran_s: float = math.inf) -> int:
        """Delete what is too old or too much. Returns how many undelivered events were dropped; the outbox counts them,
        too.

        ``ran_s``: seconds for which the agent has run since the last call; see :meth:`Timestamps.retention_now`.
        """
        with self.transaction():
            now = self._timestamps.retention_now(now, ran_s)
            delete_quarantined(keep.path, now, keep.keep_visits_days * DAY_S)
            self.visits.delete_before(now - keep.keep_visits_days * DAY_S)
            self.windows.delete_before(now - keep.keep_windows_days * DAY_S)
            return self.outbox.apply_bounds(now - keep.keep_outbox_days * DAY_S, keep.keep_outbox_mb * MB, now)
