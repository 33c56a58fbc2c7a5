"""A damaged database: found out, set aside under a dated name, and what is readable saved into a fresh one.

Cards that lose power while they write, or that are worn out, damage single pages. A table is a tree of pages by row id,
so rows behind a damaged page are reached by asking for row ids beyond it.
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
"""How long a start may be held up by looking for damage; what is not found then is found when it is read."""
MAX_FAILED_READS = 20_000
"""Failed reads after which the rest of a table is given up."""
MAX_TABLE_S = 60.0
"""After so long the rest of a table is given up as well."""
MAX_ROW_ID = 2**40
RECENT_S = 30 * 86400.0
"""How long a database that was damaged is told of."""
KEEP_COPIES_S = 14 * 86400.0
"""How long the copy of before a migration is kept: so long one can return to the release before."""
TABLES = ("windows", "visits", "outbox", "dead_letters", "facts")


@dataclass(frozen=True)
class DatabaseRepair:
    """A damaged database was replaced."""

    at: float
    """Unix seconds."""
    file: str
    """Name of the damaged file, in the database's folder."""
    saved: dict[str, int]
    """Rows saved, by table."""
    whole: bool
    """Whether every row was readable."""

    def is_recent(self, now: float) -> bool:
        """Whether it is still told of ``now`` (unix seconds): for a month."""
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
    """Replace the database at ``path`` if it is damaged; returns None if it is not, or is not there.

    With ``damaged`` it is known to be: the check is quick, and may have missed it.

    The fresh database is complete before the damaged one is moved, so a power cut leaves one of the two in place.

    Raises:
        StoreError: the files cannot be written or renamed.
    """
    fresh = replacement_path(path)
    try:
        if not path.exists():
            if fresh.exists():  # the power was cut after the damaged one was moved
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
    log.error("%s was damaged and is now %s; saved %s", path, aside.name, saved)
    return DatabaseRepair(now, aside.name, saved, whole)


def replacement_path(path: Path) -> Path:
    """Of the database that shall take the place of ``path``; :func:`repair` knows it after a power cut, too."""
    return path.with_name(f"{path.name}.mending")


def set_aside(path: Path, fresh: Path, kind: str, now: float) -> Path:
    """Put the complete ``fresh`` in the place of ``path``; returns the dated name that the old one has from then on."""
    stamp = datetime.fromtimestamp(now, UTC).strftime(STAMP)
    aside = path.with_name(f"{path.stem}.{kind}-{stamp}{path.suffix}")
    # The log first: SQLite would replay it into whatever database has its name.
    if _wal(path).exists():
        _wal(path).replace(_wal(aside))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    path.replace(aside)
    fresh.replace(path)
    return aside


def delete_quarantined(path: Path, now: float, longest_s: float) -> None:
    """Delete databases that were set aside more than ``longest_s`` ago: they hold visits, which are kept no longer.

    Copies of before a migration go earlier: after two weeks an update has shown what it is worth.
    """
    for file in path.parent.glob(f"{path.stem}.*-*{path.suffix}*"):
        found = re.match(rf"{re.escape(path.stem)}\.(damaged|newer|schema\d+)-(\d{{8}}T\d{{6}}Z)", file.name)
        if not found:
            continue
        kept_s = longest_s if found[1] == "damaged" else min(longest_s, KEEP_COPIES_S)
        with contextlib.suppress(ValueError):  # digits that are no date
            if datetime.strptime(found[2], STAMP).replace(tzinfo=UTC).timestamp() < now - kept_s:
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
        log.error("no room on the card to save anything from %s", damaged)
        remove(fresh)
        saved, whole = dict.fromkeys(TABLES, 0), False
    with closing(connect(fresh)) as target:
        target.execute("PRAGMA journal_mode = DELETE")  # one file to rename
    return saved, whole


def _save_all(damaged: Path, fresh: Path) -> tuple[dict[str, int], bool]:
    saved, whole = {}, True
    with closing(connect(fresh)) as target, closing(sqlite3.connect(damaged, timeout=BUSY_TIMEOUT_S)) as source:
        # A visit whose window is lost stays a counted one: its window may have been sent.
        target.execute("PRAGMA foreign_keys = OFF")
        with transaction(target):
            for table in TABLES:
                reading = _TableReader(source, table)
                saved[table] = _copy(reading, target, table)
                whole = whole and reading.whole
            continue_sequence(target)
    return saved, whole


def continue_sequence(target: sqlite3.Connection) -> None:
    """A new event must not get the place in the order that a saved one or a dead letter has."""
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
    """The readable rows of a table: ``whole`` turns false when one is not."""

    def __init__(self, source: sqlite3.Connection, table: str) -> None:
        self._source = source
        self._table = table
        self._failures = 0
        self._deadline = time.monotonic() + MAX_TABLE_S
        self.whole = True

    @property
    def columns(self) -> list[str]:
        """Names of its columns, empty if even those cannot be read or there is no such table."""
        try:
            return [row[1] for row in self._source.execute(f"PRAGMA table_info({self._table})")]
        except sqlite3.DatabaseError:
            self.whole = False
            return []

    def rows(self, names: str) -> Iterator[tuple[object, ...]]:
        """Rows with the columns ``names``, by rising row id."""
        yield from self._between(names, 1, self._last())

    def _last(self) -> int:
        try:
            return int(self._source.execute(f"SELECT max(rowid) FROM {self._table}").fetchone()[0] or 0)  # noqa: S608
        except sqlite3.DatabaseError:
            self.whole = False
            return MAX_ROW_ID

    def _between(self, names: str, low: int, high: int) -> Iterator[tuple[object, ...]]:
        # Halves, quarters, ... of a range that cannot be read in one go, the low row ids first.
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
                # Each failed read may take a worn-out card seconds.
                notify("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000")
                if low < high:
                    middle = (low + high) // 2
                    ranges += [(middle + 1, high), (low, middle)]


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def remove(path: Path) -> None:
    """Delete a database with its companions."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
