"""Repairing a damaged database: it is set aside under a dated name, and its readable rows are saved into a fresh one.

A memory card that loses power while it writes, or that is worn out, damages single pages. A table is a tree of pages
ordered by row id, so the rows behind a damaged page can be read by asking for row ids beyond it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.store.database import BUSY_TIMEOUT_S, STAMP, StoreDamaged, StoreError, connect, is_damage, transaction
from edge.system.systemd import notify

log = logging.getLogger(__name__)
CHECK_S = 1.0
"""Longest time that looking for damage may delay a start. Other damage is found when the page is read."""
MAX_FAILED_READS = 20_000
"""After this many failed reads, the rest of a table is given up."""
MAX_TABLE_S = 60.0
"""After this many seconds, the rest of a table is given up as well."""
MAX_ROW_ID = 2**40
RECENT_S = 30 * 86400.0
"""For how many seconds a repair is reported."""
KEEP_COPIES_S = 14 * 86400.0
"""For how many seconds the copy from before a migration is kept, with which one can go back to the earlier release."""
TABLES = ("windows", "visits", "outbox", "dead_letters", "facts")


@dataclass(frozen=True)
class DatabaseRepair:
    """A record of when a damaged database was replaced, and of what was saved."""

    at: float
    """Unix seconds."""
    file: str
    """Name of the damaged file, in the database's folder."""
    saved: dict[str, int]
    """Number of rows saved, by table."""
    whole: bool
    """Whether every row could be read."""

    def is_recent(self, now: float) -> bool:
        """Whether it is still reported at ``now`` (unix seconds), which is for 30 days."""
        return now - self.at < RECENT_S

    @property
    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> DatabaseRepair:
        """From JSON."""
        return cls(**json.loads(text))


def repair(path: Path, now: float, *, damaged: bool = False) -> DatabaseRepair | None:
    """Replace the database at ``path`` if it is damaged. Returns None if it is not damaged or does not exist.

    ``damaged`` says that damage is known: the check here is quick, and might miss it.

    The fresh database is complete before the damaged one is moved, so one of the two is in place even after a power
    cut.

    Raises:
        StoreError: the files cannot be written or renamed.
    """
    fresh = replacement_path(path)
    try:
        if not path.exists():
            if fresh.exists():  # there was a power cut after the damaged one was moved
                fresh.replace(path)
            return None
        if not damaged and not _is_damaged(path):
            return None
        log.error("%s is damaged; saving what can be read", path)
        remove(fresh)
        saved, whole = _salvage(path, fresh)
        aside = set_aside(path, fresh, "damaged", now)
    except OSError as error:
        raise StoreError(f"{path}: damaged, and cannot be replaced: {error}") from error
    log.error("%s was damaged; it is now %s, and these rows were saved: %s", path, aside.name, saved)
    return DatabaseRepair(now, aside.name, saved, whole)


def replacement_path(path: Path) -> Path:
    """Path of the database that is to replace ``path``. :func:`repair` also looks for it after a power cut."""
    return path.with_name(f"{path.name}.mending")


def set_aside(path: Path, fresh: Path, kind: str, now: float) -> Path:
    """Replace ``path`` by the complete ``fresh``. Returns the dated path of the old one."""
    stamp = datetime.fromtimestamp(now, UTC).strftime(STAMP)
    aside = path.with_name(f"{path.stem}.{kind}-{stamp}{path.suffix}")
    # The log first: SQLite would replay it into any database with that name.
    if _wal(path).exists():
        _wal(path).replace(_wal(aside))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    path.replace(aside)
    fresh.replace(path)
    return aside


def delete_quarantined(path: Path, now: float, longest_s: float) -> None:
    """Delete databases that were set aside more than ``longest_s`` seconds ago: they contain visits, which must not be
    kept for longer.

    Copies from before a migration are deleted earlier: two weeks are enough to find out whether an update works.
    """
    for file in path.parent.glob(f"{path.stem}.*-*{path.suffix}*"):
        match = re.match(rf"{re.escape(path.stem)}\.(damaged|newer|schema\d+)-(\d{{8}}T\d{{6}}Z)", file.name)
        if not match:
            continue
        keep_s = longest_s if match[1] == "damaged" else min(longest_s, KEEP_COPIES_S)
        with contextlib.suppress(ValueError):  # the digits are not a date
            if datetime.strptime(match[2], STAMP).replace(tzinfo=UTC).timestamp() < now - keep_s:
                file.unlink(missing_ok=True)


def _is_damaged(path: Path) -> bool:
    try:
        with closing(connect(path)) as connection:
            return not _passes_check(connection)
    except StoreDamaged:
        return True
    except sqlite3.Error as error:
        if is_damage(error):
            return True
        raise StoreError(f"{path}: cannot use the database: {error}") from error


def _passes_check(connection: sqlite3.Connection) -> bool:
    deadline = time.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return True
        raise
    finally:
        connection.set_progress_handler(None, 0)


def _salvage(damaged: Path, fresh: Path) -> tuple[dict[str, int], bool]:
    try:
        saved, whole = _save_all(damaged, fresh)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise StoreError(f"{damaged}: damaged, and cannot be replaced: {error}") from error
        log.error("there is no room on the card to save anything from %s", damaged)
        remove(fresh)
        saved, whole = dict.fromkeys(TABLES, 0), False
    with closing(connect(fresh)) as target:
        target.execute("PRAGMA journal_mode = DELETE")  # a single file, which can be renamed
    return saved, whole


def _save_all(damaged: Path, fresh: Path) -> tuple[dict[str, int], bool]:
    saved, whole = {}, True
    with closing(connect(fresh)) as target, closing(sqlite3.connect(damaged, timeout=BUSY_TIMEOUT_S)) as source:
        # A visit whose window is lost still belongs to it, because the window may have been sent.
        target.execute("PRAGMA foreign_keys = OFF")
        with transaction(target):
            for table in TABLES:
                reading = _TableReader(source, table)
                saved[table] = _copy(reading, target, table)
                whole = whole and reading.whole
            continue_sequence(target)
    return saved, whole


def continue_sequence(target: sqlite3.Connection) -> None:
    """Continue the numbers of events, so that no new event gets the number of a saved one or of a dead letter."""
    target.execute("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
    target.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', coalesce(max(sequence), 0) FROM"
        " (SELECT sequence FROM outbox UNION ALL SELECT sequence FROM dead_letters)"
    )


def _copy(reading: _TableReader, target: sqlite3.Connection, table: str) -> int:
    known = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    columns = [name for name in reading.columns if name in known]
    if not columns:
        return 0
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (names of our own tables)
    return sum(target.execute(statement, row).rowcount for row in reading.rows(names))


class _TableReader:
    """Reads all readable rows of a table. ``whole`` becomes False if a row cannot be read."""

    def __init__(self, source: sqlite3.Connection, table: str) -> None:
        self._source = source
        self._table = table
        self._failures = 0
        self._deadline = time.monotonic() + MAX_TABLE_S
        self.whole = True

    @property
    def columns(self) -> list[str]:
        """Names of its columns; empty if they cannot be read, or if there is no such table."""
        try:
            return [row[1] for row in self._source.execute(f"PRAGMA table_info({self._table})")]
        except sqlite3.DatabaseError:
            self.whole = False
            return []

    def rows(self, names: str) -> Iterator[tuple[object, ...]]:
        """Rows with the columns ``names``, in the order of their row ids."""
        yield from self._between(names, 1, self._last())

    def _last(self) -> int:
        try:
            return int(self._source.execute(f"SELECT max(rowid) FROM {self._table}").fetchone()[0] or 0)  # noqa: S608
        except sqlite3.DatabaseError:
            self.whole = False
            return MAX_ROW_ID

    def _between(self, names: str, low: int, high: int) -> Iterator[tuple[object, ...]]:
        # A range that cannot be read in one go is divided into halves, quarters and so on, lower row ids first.
        ranges = [(low, high)]
        while ranges and self._failures < MAX_FAILED_READS and time.monotonic() < self._deadline:
            low, high = ranges.pop()
            query = f"SELECT rowid, {names} FROM {self._table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"  # noqa: S608
            try:
                for row in self._source.execute(query, (low, high)):
                    low = row[0] + 1
                    yield tuple(row[1:])
            except sqlite3.DatabaseError:
                self.whole = False
                self._failures += 1
                # A worn-out card may need seconds for each failed read.
                notify("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000")
                if low < high:
                    middle = (low + high) // 2
                    ranges += [(middle + 1, high), (low, middle)]


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def remove(path: Path) -> None:
    """Delete a database and the files that SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
