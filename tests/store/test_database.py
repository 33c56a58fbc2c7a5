"""The database file: created, migrated, refused, shared and durable."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic, Window
from edge.counting.visit import Visit
from edge.store import Store, StoreError
from edge.store.database import connect, transaction

VISIT = Visit(90.0, 100.0, 12, 34.5, (28.0, 41.0), 0.83, "in")


def test_a_new_database_is_created_with_its_folder_and_the_newest_schema(tmp_path: Path):
    path = tmp_path / "var" / "maitred.db"
    with Store.open(path) as store:
        tables = {row[0] for row in store._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version = store._connection.execute("PRAGMA user_version").fetchone()[0]
    assert {"visits", "windows", "outbox", "facts"} <= tables
    assert version >= 1


def test_opening_again_keeps_schema_and_content(database: Path):
    with Store.open(database) as store:
        store.record([VISIT], 101.0)
        schema = store._connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    with Store.open(database) as store:
        assert [stored.visit for stored in store.visits.between(0, 1000)] == [VISIT]
        again = store._connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    assert [tuple(row) for row in again] == [tuple(row) for row in schema]


def test_a_database_of_the_first_version_is_upgraded_with_all_its_rows(database: Path):
    script = resources.files("edge.store").joinpath("migrations/0001_first.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(database)) as old, old:
        old.executescript(script)
        old.execute("PRAGMA user_version = 1")
        old.execute("INSERT INTO visits VALUES (7, 101, 90, 100, 12, 34.5, 28, 41, 0.83, 'in', NULL)")
        old.execute("INSERT INTO windows VALUES (3, 0, 900, '[]', 2, 1, NULL, 90, 10)")
    with pytest.raises(StoreError, match=r"maitred\.db: written by an older maitred .*start the agent"):
        Store.open(database, read_only=True)

    with Store.open(database) as store:
        assert [(stored.id, stored.visit) for stored in store.visits.between(0, 1000)] == [(7, VISIT)]
        assert store.windows.between(0, 900) == [Window(0, 900, {}, 2, 1, None, Traffic(90, 10))]
        store.record([Visit(190.0, 200.0, 12, excluded=True)], 201.0)
        assert store.close_window(900, 1800, AgeBands((0,)), Traffic(), lambda _: None).excluded == 1
    with Store.open(database, read_only=True) as store:
        assert [stored.id for stored in store.visits.last(9)] == [7]


def test_two_processes_can_create_a_database_at_once(database: Path):
    gate, errors = threading.Barrier(4), []

    def open_it() -> None:
        gate.wait()
        try:
            Store.open(database).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_a_newer_version_is_refused_and_not_changed(database: Path, read_only: bool):
    Store.open(database).close()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(StoreError, match=r"maitred\.db: written by a newer maitred .*schema 99.*update maitred"):
        Store.open(database, read_only=read_only)
    assert database.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("content", [b"no database at all\n" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_refused_by_name(database: Path, content: bytes, read_only: bool):
    database.write_bytes(content)
    with pytest.raises(StoreError, match=r"maitred\.db: cannot use the database"):
        Store.open(database, read_only=read_only)
    assert database.read_bytes() == content


def test_a_reader_does_not_create_a_missing_database(database: Path):
    with pytest.raises(StoreError, match="no such database; start the agent first"):
        Store.open(database, read_only=True)
    assert not database.exists()


def test_a_file_in_the_place_of_its_folder_is_refused(tmp_path: Path):
    (tmp_path / "var").write_text("")
    with pytest.raises(StoreError, match="cannot use the database"):
        Store.open(tmp_path / "var" / "maitred.db")


def test_a_commit_survives_a_power_cut_and_readers_do_not_wait(store: Store):
    settings = {
        name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_stored_visits_are_there_after_the_process_was_killed(database: Path):
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from edge.counting.visit import Visit\n"
        "from edge.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "store.record([Visit(90.0, 100.0, 12)], 101.0)\n"
        "store._connection.execute('BEGIN IMMEDIATE')\n"
        "store.visits.add([(Visit(190.0, 200.0, 12), 201.0)])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", script, str(database)], cwd=root)
    assert killed.returncode == -9
    with Store.open(database) as store:
        assert [stored.visit for stored in store.visits.between(0, 1000)] == [Visit(90.0, 100.0, 12)]


def test_a_reader_sees_committed_rows_while_a_writer_is_at_work(database: Path, store: Store):
    store.record([VISIT], 101.0)
    with Store.open(database, read_only=True) as reader:
        with transaction(store._connection):
            store.visits.add([(VISIT, 102.0)])
            assert len(reader.visits.between(0, 1000)) == 1
        assert len(reader.visits.between(0, 1000)) == 2


def test_a_reader_cannot_write(database: Path, store: Store):
    with Store.open(database, read_only=True) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.record([VISIT], 101.0)


def test_a_second_writer_waits_for_the_first(database: Path, store: Store):
    done = threading.Event()

    def write() -> None:
        with Store.open(database) as second:
            second.record([VISIT], 102.0)
        done.set()

    with transaction(store._connection):
        store.visits.add([(VISIT, 101.0)])
        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.2)
    thread.join(30)
    assert done.is_set()
    assert len(store.visits.between(0, 1000)) == 2


def test_a_failed_transaction_changes_nothing_and_the_next_one_works(database: Path):
    connection = connect(database)
    with pytest.raises(RuntimeError), transaction(connection):
        connection.execute("INSERT INTO facts VALUES ('a', 0, '')")
        raise RuntimeError
    with transaction(connection):
        connection.execute("INSERT INTO facts VALUES ('b', 0, '')")
    assert [row["name"] for row in connection.execute("SELECT name FROM facts")] == ["b"]
    connection.close()


def test_a_full_disk_is_reported_and_writing_works_again_afterwards(store: Store):
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.record([VISIT] * 5000, 101.0)
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.record([VISIT], 102.0)
    assert len(store.visits.between(0, 1000)) == 1


@pytest.mark.parametrize("read_only", [pytest.param(True, id="to read"), pytest.param(False, id="to write")])
def test_a_folder_in_place_of_the_database_is_named(tmp_path, read_only):
    with pytest.raises(StoreError, match=r"a folder; \[store\] path names the database in it, such as .*maitred\.db"):
        connect(tmp_path, read_only=read_only)
