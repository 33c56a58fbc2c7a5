"""The SQLite file: opening, settings, migrations."""

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
"""In the names of files beside the database: when they were set aside."""


class StoreError(MaitredError):
    """The database cannot be used; the message names the file and the way out."""


class StoreDamaged(StoreError):
    """The database's content is damaged, or the card cannot read it any more."""


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNREADABLE = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite says that the file is damaged; a full, locked or read-only one is not."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _DAMAGED or code in _UNREADABLE


def means_damage(error: BaseException) -> bool:
    """The same of any error, StoreDamaged included."""
    return isinstance(error, StoreDamaged) or is_damage(error)


def connect(path: Path, *, read_only: bool = False, keep_copy: bool = True) -> sqlite3.Connection:
    """Open the database, creating and migrating it unless ``read_only``.

    WAL lets the dashboard read while the agent writes; ``synchronous=FULL`` makes a commit survive a power cut. Before
    a migration a copy is kept (unless not ``keep_copy``): with it the release before can go on, see
    :mod:`edge.store.downgrade`.

    Raises:
        StoreDamaged: the file is damaged.
        StoreError: it is missing (read-only), a folder, not writable or from a newer maitred.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = _open_to_read(path) if read_only else _open_to_write(path)
        connection.isolation_level = None  # transactions are begun by `transaction` alone
        connection.row_factory = sqlite3.Row
        if not read_only:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if keep_copy:
                _keep_copy(connection, path)
            migrate(connection, path)
        found = _check_version(connection, path)
        if found == 0:
            raise StoreError(f"{path}: an empty database; start the agent first (maitred run)")
        if found < (newest := newest_schema()):
            raise StoreError(
                f"{path}: written by an older maitred (schema {found}, this one reads {newest}); start the agent, which"
                " upgrades it (systemctl restart agent)"
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
    except sqlite3.OperationalError:
        connection.close()
        # WAL wants its two companion files even of a reader. While the agent runs they are there; after it has ended
        # well they are not, and the dashboard's user may not make them. But then the file alone is the whole truth.
        if path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, timeout=BUSY_TIMEOUT_S)
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite's busy time-out does not cover the switch to WAL: of two who open a new file at once, one is told "locked".
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
    """All or nothing; takes the write lock at once, so that it cannot fail half way for want of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk makes SQLite roll back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the newest version, one numbered script after the other (``PRAGMA user_version``).

    Numbers rise, but may leave gaps.
    """
    _check_version(connection, path)
    for version, script in _migrations():
        with transaction(connection):
            # Read inside the transaction: another process may have migrated meanwhile.
            if connection.execute("PRAGMA user_version").fetchone()[0] < version:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version:d}")


def _keep_copy(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 0 < found < newest_schema():
        return
    stamp = datetime.now(UTC).strftime(STAMP)
    copy = path.with_name(f"{path.stem}.schema{found}-{stamp}{path.suffix}")
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
        if connection.execute("PRAGMA user_version").fetchone()[0] != found:
            return  # somebody else upgrades it at this moment, and has kept a copy if there was anything to keep
        raise StoreError(
            f"{path}: must be upgraded, and there can be no copy of it to return to ({error}); make room on the card"
        ) from error


def newest_schema() -> int:
    """The newest version of the schema that this maitred knows."""
    return _migrations()[-1][0]


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    found, newest = connection.execute("PRAGMA user_version").fetchone()[0], newest_schema()
    if found > newest:
        raise StoreError(
            f"{path}: written by a newer maitred (schema {found}, this one knows {newest}); update maitred"
        )
    return int(found)


def _migrations() -> list[tuple[int, str]]:
    scripts = []
    for entry in resources.files("edge.store").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_\w+\.sql", entry.name)
        if match:
            scripts.append((int(match[1]), entry.read_text(encoding="utf-8")))
    return sorted(scripts)


def _statements(script: str) -> Iterator[str]:
    # executescript() would commit the transaction it runs in.
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
