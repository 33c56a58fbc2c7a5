"""The database of the last release, ``last_release/database.sql``, is opened, and nothing of it is lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.recorded.command_line import (
    HERE,
    Endpoint,
    all_delivered,
    configuration,
    empty_room,
    load_database,
    maitred_json,
    running,
    secret,
    until,
)
from tests.recorded.internals import Store
from tests.recorded.sent import AFTERWARDS, HOUR, SECRET
from tests.recorded.shown import RANGE

SCHEMA = 6
"""Of version 0.1.0."""
TABLES = {"dead_letters", "facts", "outbox", "visits", "windows"}
Rows = list[tuple[Any, ...]]


def rows(database: Path, query: str) -> Rows:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def columns(database: Path) -> dict[str, list[str]]:
    names = [name for (name,) in rows(database, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: sorted(row[1] for row in rows(database, f"PRAGMA table_info({name})")) for name in names}


def test_the_recorded_database_is_a_whole_one_of_that_release(tmp_path: Path):
    database = load_database(tmp_path)

    assert rows(database, "PRAGMA user_version") == [(SCHEMA,)]
    assert rows(database, "PRAGMA journal_mode") == [("wal",)]
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    assert rows(database, "PRAGMA foreign_key_check") == []
    assert columns(database).keys() - {"sqlite_sequence"} == TABLES
    for table in TABLES:
        assert rows(database, f"SELECT count(*) > 0 FROM {table}") == [(1,)], table
    facts = {name for (name,) in rows(database, "SELECT name FROM facts")}
    assert facts == {"clock", "entrance", "health", "outbox_delivered", "retention", "sight_map"}


def test_the_recorded_database_becomes_one_as_this_release_makes_it(tmp_path: Path):
    database, fresh = load_database(tmp_path), tmp_path / "fresh.db"

    for path in (database, fresh):
        Store.open(path).close()

    assert columns(database) == columns(fresh)
    assert rows(database, "PRAGMA user_version") == rows(fresh, "PRAGMA user_version")
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.slow
def test_the_agent_goes_on_with_what_the_last_release_left(tmp_path: Path):
    database = load_database(tmp_path)
    held = ("id, counted_at, started_at, ended_at, observations, age, age_low, age_high, female_probability,"
            " direction, window_id, zone_s, excluded, own_low, own_high")  # fmt: skip
    visits, windows = f"SELECT {held} FROM visits ORDER BY id", "SELECT * FROM windows ORDER BY id"
    letters = "SELECT sequence, id, body, reason FROM dead_letters"
    before = [rows(database, query) for query in (visits, windows, letters)]
    queued = rows(database, "SELECT id, body FROM outbox ORDER BY sequence")
    secret(tmp_path / "uplink.secret", SECRET)
    with Endpoint() as endpoint:
        config = configuration(
            tmp_path,
            {
                'source = "door.mp4"': f'source = "{empty_room(tmp_path).name}"',
                "loop = false": "loop = true",
                'url = "https://census.example.com/v1/windows"': f'url = "{endpoint.url}"',
                'host = "broker.example.com"': 'host = ""',
                'ca_file = "broker.pem"': "",
                'password_file = "broker.password"': "",
            },
        )
        with running(tmp_path, "run", "--config", config, at=AFTERWARDS) as log:
            until(lambda: all_delivered(database, HOUR), log)

    sent = [(headers["webhook-id"], body) for headers, body in endpoint.received]
    assert sent == queued, "events go out as they were queued, in their order"
    assert [rows(database, query) for query in (visits, windows, letters)] == before
    assert rows(database, "SELECT value FROM facts WHERE name = 'outbox_delivered'") == [(str(5 + len(queued)),)]
    report = maitred_json(tmp_path, "report", "--config", config, *RANGE)
    assert report == json.loads((HERE / "results.json").read_text(encoding="utf-8"))["reports"]["json by day"]
