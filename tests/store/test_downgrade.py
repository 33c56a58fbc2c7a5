"""Back from a newer release: its database is set aside, and newer visits go into that of the earlier release."""

from __future__ import annotations

import errno
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge.config.store import Store as StoreSettings
from edge.counting.visit import Visit
from edge.store import Store, StoreError
from edge.store import database as database_module
from edge.store.damage import KEEP_COPIES_S

NEWER = """
ALTER TABLE visits ADD COLUMN height REAL;
ALTER TABLE windows DROP COLUMN dropped;
UPDATE facts SET value = value || '!' WHERE name = 'kept';
CREATE TABLE weather (at REAL PRIMARY KEY, rain REAL);
"""


def visit(started_at: float) -> Visit:
    return Visit(started_at=started_at, ended_at=started_at + 5, observations=4)


@pytest.fixture
def newer_release(monkeypatch: pytest.MonkeyPatch):
    """Switches between the release under test and one with another migration: ``newer_release(True)``."""
    own = database_module._migrations()

    def switch(newer: bool) -> int:
        known = [*own, (own[-1][0] + 1, NEWER)] if newer else own
        monkeypatch.setattr(database_module, "_migrations", lambda: known)
        return known[-1][0]

    return switch


def began(path: Path) -> list[float]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT started_at FROM visits ORDER BY id")]


@pytest.fixture
def upgraded(database: Path, newer_release):
    """A database with a visit and two events, upgraded; then one more visit, one event sent, and one more queued."""
    with Store.open(database) as store:
        store.record([visit(100.0)], 105.0)
        store._values.write("kept", "fact", 1.0)
        store._connection.execute("INSERT INTO outbox (id, created_at, body) VALUES ('a', 1, '{}'), ('b', 2, '{}')")
    newer_release(True)
    with Store.open(database) as store:
        store.record([visit(200.0)], 205.0)
        store._connection.execute("DELETE FROM outbox WHERE id = 'a'")
        store._connection.execute("INSERT INTO outbox (id, created_at, body) VALUES ('c', 3, '{}')")
        store._connection.execute("UPDATE visits SET window_id = NULL, age = 31 WHERE started_at = 100")
    newer_release(False)
    return database


def test_newer_visits_are_kept_and_sent_events_are_not_sent_again(upgraded: Path):
    with Store.open_repaired(upgraded, 1e9) as store:
        assert [event.id for event in store.outbox.next(9)] == ["b", "c"]
        assert store._values.read("kept") == "fact!"
        store.record([visit(300.0)], 305.0)
        store._connection.execute("INSERT INTO outbox (id, created_at, body) VALUES ('d', 4, '{}')")
        assert [event.id for event in store.outbox.next(9)] == ["b", "c", "d"]
        assert store._connection.execute("SELECT age FROM visits WHERE started_at = 100").fetchone()[0] == 31
    assert began(upgraded) == [100.0, 200.0, 300.0]
    (aside,) = upgraded.parent.glob("maitred.newer-20010909T014640Z.db")
    assert began(aside) == [100.0, 200.0]


def test_windows_that_do_not_fit_into_the_earlier_schema_stay_in_the_newer_file(upgraded: Path, caplog):
    with closing(sqlite3.connect(upgraded)) as newer:
        newer.execute(
            "INSERT INTO windows (start, \"end\", counts, entries, exits, frames) VALUES (0, 60, '[]', 1, 1, 9)"
        )
        newer.commit()

    with Store.open_repaired(upgraded, 1e9) as store:
        assert store._connection.execute("SELECT count(*) FROM windows").fetchone()[0] == 0
    assert "1 rows of windows do not fit" in caplog.text
    assert began(upgraded) == [100.0, 200.0]


def test_without_a_copy_a_newer_database_is_not_changed(upgraded: Path):
    (copy,) = upgraded.parent.glob("maitred.schema*.db")
    copy.unlink()
    with pytest.raises(StoreError, match="written by a newer maitred"):
        Store.open_repaired(upgraded, 1e9)
    assert began(upgraded) == [100.0, 200.0]


def test_one_can_go_back_and_forth_several_times(upgraded: Path, newer_release):
    Store.open_repaired(upgraded, 1e9).close()
    newer_release(True)
    with Store.open_repaired(upgraded, 1e9 + 60) as store:
        store.record([visit(400.0)], 405.0)
    assert began(upgraded) == [100.0, 200.0, 400.0]


def test_nothing_is_lost_to_a_power_cut_between_the_two_renames(upgraded: Path, monkeypatch: pytest.MonkeyPatch):
    class Cut(BaseException):
        pass

    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.endswith(".mending"):
            raise Cut
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(Cut):
            Store.open_repaired(upgraded, 1e9)
    assert not upgraded.exists()

    Store.open_repaired(upgraded, 1e9).close()
    assert began(upgraded) == [100.0, 200.0]


def test_of_an_unreadable_newer_database_only_newer_rows_are_lost(upgraded: Path):
    with upgraded.open("r+b") as file:
        root = 4096
        with closing(sqlite3.connect(upgraded)) as connection:
            page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'visits'").fetchone()[0]
        file.seek((page - 1) * root)
        file.write(b"\xff" * root)

    Store.open_repaired(upgraded, 1e9).close()
    assert began(upgraded) == [100.0]


def test_a_database_is_not_upgraded_if_the_card_has_no_room_for_a_copy(database: Path, newer_release, monkeypatch):
    Store.open(database).close()
    newer_release(True)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(database_module.os, "fsync", full)
    with pytest.raises(StoreError, match="no copy can be kept to go back to"):
        Store.open(database)
    with closing(sqlite3.connect(database)) as connection:
        newer_release(False)
        assert connection.execute("PRAGMA user_version").fetchone()[0] == database_module.newest_schema()
    assert not list(database.parent.glob("*.schema*"))


def test_copies_are_deleted_after_two_weeks_or_together_with_visits(upgraded: Path):
    now = time.time()
    Store.open_repaired(upgraded, now).close()

    def left() -> int:
        return len(list(upgraded.parent.glob("maitred.*-*.db")))

    with Store.open(upgraded) as store:
        store.prune(now + KEEP_COPIES_S - 60, StoreSettings(path=upgraded))
        assert left() == 2
        store.prune(now + KEEP_COPIES_S + 60, StoreSettings(path=upgraded))
        assert left() == 0
