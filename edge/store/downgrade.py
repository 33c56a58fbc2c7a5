"""Going back to an earlier release after a newer one has upgraded the database: what was counted since is kept.

Migrations go forward only, and an earlier release cannot know what a later one will change. So whoever migrates keeps a
copy of the database as it was (:func:`edge.store.database.connect`). The release that finds a database of the future,
and such a copy, goes on with the copy and takes over every row that fits into it: visits and windows counted since,
events that wait, and which of them were delivered meanwhile. What does not fit stays in the newer file, which is set
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
"""Tables in an order in which each row's window is there before the row, and what tells their rows apart."""
DELETED_WHEN_DELIVERED = ("outbox", "dead_letters")
"""A row that is not there any more was delivered, or queued again. Rows of the others go by their age alone."""


def downgrade_database(path: Path, now: float) -> bool:
    """Replace the database at ``path`` if it is of a newer schema than this release knows and a copy was kept.

    Returns whether it was. Without a copy it is left alone, and opening it tells that maitred must be updated. The new
    file is complete before the other is moved, so a power cut leaves one of the two in place.

    Args:
        path: of the database.
        now: unix seconds, for the newer file's name.

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
        raise StoreError(f"{path}: of a newer maitred, and {copy.name} cannot take its place: {error}") from error
    log.warning("%s was of a newer maitred and is now %s; this release goes on from %s", path, aside.name, copy.name)
    return True


def _is_newer(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] > newest_schema())
    except sqlite3.Error:
        return False  # damaged, perhaps: that is seen to elsewhere


def _copy_for(path: Path) -> Path | None:
    """The latest copy of a schema that this release knows."""
    found = []
    for file in path.parent.glob(f"{path.stem}.schema*{path.suffix}"):
        match = re.fullmatch(
            rf"{re.escape(path.stem)}\.schema(\d+)-(\d{{8}}T\d{{6}}Z){re.escape(path.suffix)}", file.name
        )
        if match and int(match[1]) <= newest_schema():
            found.append((match[2], file))
    return max(found)[1] if found else None


def _take_over(target: sqlite3.Connection, newer: Path) -> None:
    # A visit whose window is not there stays a counted one: its window may have been sent.
    target.execute("PRAGMA foreign_keys = OFF")
    target.execute("ATTACH DATABASE ? AS newer", (str(newer),))
    for table, key in TABLE_KEYS.items():
        try:
            # Each table is a transaction: one that cannot be read keeps no other from being taken over.
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
            log.error("what was counted since the update cannot be taken over to %s: %s", table, error)
    target.execute("DETACH DATABASE newer")


def _take_over_table(target: sqlite3.Connection, table: str, key: str) -> None:
    # Names of our own tables and columns only.
    known, there = (
        [row[1] for row in target.execute(f"PRAGMA {schema}.table_info({table})")] for schema in ("main", "newer")
    )
    columns = [name for name in known if name in there]
    if key not in columns:
        log.error("the newer database has no %s as this release knows them; those of before the update stay", table)
        return
    names = ", ".join(f'"{name}"' for name in columns)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != key) or f'"{key}" = "{key}"'
    # IGNORE is for rows that this schema does not allow; they stay in the newer file.
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
