"""Going back to an earlier release after a newer one has upgraded the database, without losing newer visits.

Migrations only go forward, and an earlier release cannot know what a later one will change. So a copy of the database
is kept before each migration (:func:`edge.store.database.connect`). If a release finds a database with a newer schema,
and such a copy, it continues with the copy and takes over every row that fits into it: newer visits and windows, events
that wait, and which events were delivered in the meantime. Rows that do not fit stay in the newer file, which is set
aside under a dated name.
"""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.store.damage import continue_sequence, remove, replacement_path, set_aside
from edge.store.database import BUSY_TIMEOUT_S, StoreError, connect, newest_schema

log = logging.getLogger(__name__)
TABLE_KEYS = {"windows": "id", "visits": "id", "outbox": "sequence", "dead_letters": "sequence", "facts": "name"}
"""The tables with their keys, in an order in which a window comes before its visits."""
DELETED_WHEN_DELIVERED = ("outbox", "dead_letters")
"""If a row of these is missing in the newer database, it was delivered, or queued again. Rows of other tables are only
deleted because of their age."""


def downgrade_database(path: Path, now: float) -> bool:
    """Replace the database at ``path`` if its schema is newer than this release knows, and a copy was kept.

    Returns whether it was replaced. Without a copy it stays as it is, and opening it raises an error that asks for an
    update of maitred. The new file is complete before the other one is moved, so one of the two is in place even after
    a power cut.

    Args:
        path: of the database.
        now: unix seconds, for the new name of the newer file.

    Raises:
        StoreError: the files cannot be written.
    """
    copy = _copy_for(path) if _is_newer(path) else None
    if copy is None:
        return False
    fresh = replacement_path(path)
    try:
        remove(fresh)
        shutil.copyfile(copy, fresh)
        with closing(connect(fresh, keep_copy=False)) as target:
            _take_over(target, path)
            target.execute("PRAGMA journal_mode = DELETE")  # one file to rename
        aside = set_aside(path, fresh, "newer", now)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path}: written by a newer maitred, and {copy.name} cannot replace it: {error}") from error
    log.warning(
        "%s was written by a newer maitred; it is now %s, and this release continues with %s",
        path, aside.name, copy.name,
    )  # fmt: skip
    return True


def _is_newer(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] > newest_schema())
    except sqlite3.Error:
        return False  # perhaps damaged; that is handled elsewhere


def _copy_for(path: Path) -> Path | None:
    """The latest copy whose schema this release knows."""
    copies = []
    for file in path.parent.glob(f"{path.stem}.schema*{path.suffix}"):
        match = re.fullmatch(
            rf"{re.escape(path.stem)}\.schema(\d+)-(\d{{8}}T\d{{6}}Z){re.escape(path.suffix)}", file.name
        )
        if match and int(match[1]) <= newest_schema():
            copies.append((match[2], file))
    return max(copies)[1] if copies else None


def _take_over(target: sqlite3.Connection, newer: Path) -> None:
    # A visit whose window is missing still belongs to it, because the window may have been sent.
    target.execute("PRAGMA foreign_keys = OFF")
    target.execute("ATTACH DATABASE ? AS newer", (str(newer),))
    for table, key in TABLE_KEYS.items():
        try:
            # Each table is a transaction of its own: if one cannot be read, the others are still taken over.
            target.execute("BEGIN IMMEDIATE")
            _take_over_table(target, table, key)
            if table == "outbox":
                continue_sequence(target)
            target.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            if target.in_transaction:
                target.execute("ROLLBACK")
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise
            log.error("rows of %s from after the update cannot be taken over: %s", table, error)
    target.execute("DETACH DATABASE newer")


def _take_over_table(target: sqlite3.Connection, table: str, key: str) -> None:
    # Names of our own tables and columns only.
    known, newer = (
        [row[1] for row in target.execute(f"PRAGMA {schema}.table_info({table})")] for schema in ("main", "newer")
    )
    columns = [name for name in known if name in newer]
    if key not in columns:
        log.error("the newer database has no %s that this release knows; those from before the update stay", table)
        return
    names = ", ".join(f'"{name}"' for name in columns)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != key) or f'"{key}" = "{key}"'
    # IGNORE leaves out rows that this schema does not allow; they stay in the newer file.
    target.execute(
        f"INSERT OR IGNORE INTO main.{table} ({names}) SELECT {names} FROM newer.{table} WHERE true"  # noqa: S608
        f" ON CONFLICT ({key}) DO UPDATE SET {changes}"
    )
    if table in DELETED_WHEN_DELIVERED:
        target.execute(f"DELETE FROM main.{table} WHERE {key} NOT IN (SELECT {key} FROM newer.{table})")  # noqa: S608
    missing = target.execute(
        f"SELECT count(*) FROM newer.{table} WHERE {key} NOT IN (SELECT {key} FROM main.{table})"  # noqa: S608
    ).fetchone()[0]
    if missing:
        log.error("%d rows of %s do not fit into this release's database; they stay in the newer file", missing, table)
