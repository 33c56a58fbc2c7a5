"""The SQLite file: opening it, its settings, and migrations."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from edge.errors import MaitredError

BUSY_TIMEOUT_S = 10.0
STAMP = "%Y%m%dT%H%M%SZ"
"""Format of the date in the names of files that were set aside beside the database."""


class StoreError(MaitredError):
    """The database cannot be used. The message names the file and the way out."""


class StoreDamaged(StoreError):
    """The content of the database is damaged, or the card can no longer read it."""


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNREADABLE = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite means that the file is damaged (and not full, locked or read-only)."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _DAMAGED or code in _UNREADABLE


def means_damage(error: BaseException) -> bool:
    """Whether any error, also a StoreDamaged, means that the file is damaged."""
    return isinstance(error, StoreDamaged) or is_damage(error)


def connect(path: Path, *, read_only: bool = False, keep_copy: bool = True) -> sqlite3.Connection:
    """Open the database, creating and migrating it unless ``read_only``.

    The write-ahead log (WAL) lets the dashboard read while the agent writes, and with ``synchronous=FULL`` a commit
    survives a power cut. With ``keep_copy`` a copy is made before a migration, with which the earlier release can
    continue: see :mod:`edge.store.downgrade`.

    Raises:
        StoreDamaged: the file is damaged.
        StoreError: it is missing (read-only), a folder, not writable or from a newer maitred.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = _open_to_read(path) if read_only else _open_to_write(path)
        connection.isolation_level = None  # only `transaction` begins transactions
        connection.row_factory = sqlite3.Row
        if not read_only:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if keep_copy:
                _keep_copy(connection, path)
            migrate(connection, path)
        schema = _check_version(connection, path)
        if schema == 0:
            raise StoreError(f"{path}: an empty database; start the agent first (maitred run)")
        if schema < (newest := newest_schema()):
            raise StoreError(
                f"{path}: written by an older maitred (schema {schema}, this one reads {newest}); start the agent,"
                " which upgrades it (systemctl restart agent)"
            )
    except (sqlite3.Error, OSError, StoreError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, StoreError):
            raise
        kind = StoreDamaged if is_damage(error) else StoreError
        raise kind(f"{path}: cannot use the database: {error}") from error
    return connection


def _open_to_write(path: Path) -> sqlite3.Connection:
    _refuse_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"{path}: a folder; [store] path names the database in it, such as {path / 'maitred.db'}")


def _open_to_read(path: Path) -> sqlite3.Connection:
    _refuse_folder(path)
    if not path.exists():
        raise StoreError(f"{path}: no such database; start the agent first (maitred run), or check [store] path")
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        # With a WAL, even a reader needs the two files beside the database. They exist while the agent runs. After it
        # has ended properly they do not, and the dashboard's user may not create them; but then the database itself is
        # complete.
        if not isinstance(error, sqlite3.OperationalError) or path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, timeout=BUSY_TIMEOUT_S)
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite's busy time-out does not cover the switch to WAL: if two open a new file at once, one gets "locked".
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do everything inside, or nothing. The write lock is taken at once, so that it cannot be missing half way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # if the disk is full, SQLite has already rolled back
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Upgrade the schema to the newest version, one numbered script after the other (``PRAGMA user_version``).

    The numbers rise, but there may be gaps.
    """
    _check_version(connection, path)
    for version, script in _migrations():
        with transaction(connection):
            # Read it inside the transaction: another process may have migrated in the meantime.
            if connection.execute("PRAGMA user_version").fetchone()[0] < version:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version:d}")


def _keep_copy(connection: sqlite3.Connection, path: Path) -> None:
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 0 < schema < newest_schema():
        return
    stamp = datetime.now(UTC).strftime(STAMP)
    copy = path.with_name(f"{path.stem}.schema{schema}-{stamp}{path.suffix}")
    new = copy.with_name(f"{copy.name}.part{os.getpid()}-{threading.get_ident()}")
    new.unlink(missing_ok=True)
    try:
        connection.execute("VACUUM INTO ?", (str(new),))
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(copy)
    except (sqlite3.Error, OSError) as error:
        new.unlink(missing_ok=True)
        if is_damage(error):
            raise
        if connection.execute("PRAGMA user_version").fetchone()[0] != schema:
            return  # another process is upgrading it at this moment, and has kept a copy if necessary
        raise StoreError(
            f"{path}: must be upgraded, but no copy can be kept to go back to ({error}); make room on the card"
        ) from error


def newest_schema() -> int:
    """The newest version of the schema that this release knows."""
    return _migrations()[-1][0]


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    schema, newest = connection.execute("PRAGMA user_version").fetchone()[0], newest_schema()
    if schema > newest:
        raise StoreError(
            f"{path}: written by a newer maitred (schema {schema}, this one knows {newest}); update maitred"
        )
    return int(schema)


def _migrations() -> list[tuple[int, str]]:
    scripts = []
    for entry in resources.files("edge.store").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_\w+\.sql", entry.name)
        if match:
            scripts.append((int(match[1]), entry.read_text(encoding="utf-8")))
    return sorted(scripts)


def _statements(script: str) -> Iterator[str]:
    # executescript() would commit the transaction in which it runs.
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
