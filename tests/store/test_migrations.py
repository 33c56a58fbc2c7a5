"""A database of an earlier version keeps its rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest

from edge.store import DeadLetter, QueuedEvent, Store
from edge.store import database as database_module


@pytest.fixture
def first_version(database: Path) -> Path:
    script = resources.files("edge.store").joinpath("migrations/0001_first.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(script)
        connection.execute("PRAGMA user_version = 1")
        connection.executemany(
            "INSERT INTO outbox (id, created_at, body, state, settled_at, last_error) VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("sent", 1.0, "{}", "delivered", 11.0, None), ("sent too", 2.0, "{}", "delivered", 12.0, None),
                ("refused", 3.0, "{}", "rejected", 13.0, "HTTP 422"), ("waits", 4.0, '{"a":1}', "queued", None, "x"),
            ],
        )  # fmt: skip
        connection.commit()
    return database


def test_the_outbox_of_the_first_version_is_taken_over(first_version: Path):
    with Store.open(first_version) as store:
        state = store.outbox.state()
        assert store.outbox.next(9) == [QueuedEvent("waits", '{"a":1}', 0)]
        assert (state.queued, state.delivered, state.rejected, state.last_delivered_at) == (1, 2, 1, 12.0)
        assert store.outbox.dead_letters() == [DeadLetter("refused", 13.0, "HTTP 422")]


def test_a_database_that_never_sent_an_event_has_none_delivered(database: Path):
    with Store.open(database) as store:
        assert store.outbox.state().delivered == 0
        assert store.outbox.state().last_delivered_at is None


def test_the_numbers_of_migrations_may_have_gaps(database: Path, monkeypatch: pytest.MonkeyPatch):
    scripts = [(1, "CREATE TABLE a (b);"), (7, "CREATE TABLE c (d);")]
    monkeypatch.setattr(database_module, "_migrations", lambda: scripts[:1])
    database_module.connect(database).close()
    monkeypatch.setattr(database_module, "_migrations", lambda: scripts)
    with closing(database_module.connect(database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 7
        connection.execute("SELECT d FROM c")
