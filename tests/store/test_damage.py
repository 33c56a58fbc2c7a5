"""Real damage to real files: how it is noticed, what is set aside, and what is saved."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.store import Store, StoreDamaged, StoreError
from edge.store import damage as damage_module
from edge.store.store import DAY_S

NOW = 1_790_000_000.0
BANDS = AgeBands((0, 13, 18, 65))
STAMP = "20260921T141320Z"
VISITS, WINDOWS = 2000, 100
PAGE = 4096


@pytest.fixture
def full(database: Path) -> Path:
    """A database with the rows of some weeks, which is not in use and so is one file."""
    with Store.open(database) as store:
        for window in range(WINDOWS):
            start = NOW + 3600 * window
            with store.transaction():
                visit = Visit(start, start + 5, 9, 30.0, (25.0, 35.0), 0.8)
                store.visits.add([(visit, start + 6)] * (VISITS // WINDOWS))
            store.close_window(
                start, start + 3600, BANDS, Traffic(), lambda w: (f"e{w.start:.0f}", '{"filler":"' + "x" * 1500 + '"}')
            )
        store.outbox.mark_rejected(store.outbox.next()[0].id, NOW, "HTTP 422")
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database


def pages_of(database: Path, table: str) -> list[int]:
    """Numbers of a table's leaf pages, in the order of its rows."""
    with closing(sqlite3.connect(database)) as connection:
        try:
            rows = connection.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,))
            return [row[0] for row in rows]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite does not tell which pages a table has")


def destroy(database: Path, *pages: int) -> None:
    with database.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)


def counts(store: Store) -> dict[str, int]:
    return {
        table: store._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("visits", "windows", "outbox", "dead_letters")
    }


WHOLE = {"visits": VISITS, "windows": WINDOWS, "outbox": WINDOWS - 1, "dead_letters": 1}


def test_an_undamaged_database_is_opened_as_it_is(full: Path):
    with Store.open_repaired(full, NOW) as store:
        assert store.last_repair is None
        assert counts(store) == WHOLE
    assert [file.name for file in full.parent.iterdir() if "damaged" in file.name] == []


def test_a_missing_database_is_created(database: Path):
    with Store.open_repaired(database, NOW) as store:
        assert store.last_repair is None
        assert counts(store)["visits"] == 0


def test_only_the_rows_of_a_damaged_page_are_lost(full: Path):
    leaves = pages_of(full, "visits")
    destroy(full, leaves[len(leaves) // 2])
    original = full.read_bytes()
    with Store.open_repaired(full, NOW) as store:
        saved, repair = counts(store), store.last_repair
        ids = [row[0] for row in store._connection.execute("SELECT id FROM visits ORDER BY id")]
    assert VISITS - 100 < saved["visits"] < VISITS
    assert ids[0] == 1  # rows before and after the page
    assert ids[-1] == VISITS
    assert {name: saved[name] for name in ("windows", "outbox", "dead_letters")} == {
        name: WHOLE[name] for name in ("windows", "outbox", "dead_letters")
    }
    assert (repair.at, repair.file, repair.whole) == (NOW, f"maitred.damaged-{STAMP}.db", False)
    assert repair.saved["visits"] == saved["visits"]
    assert (full.parent / repair.file).read_bytes() == original  # somebody may be able to read more of it


@pytest.mark.slow
@pytest.mark.parametrize("table", ["visits", "windows", "outbox"])
@pytest.mark.parametrize("which", [0, -1])
def test_the_first_or_last_page_of_a_table_may_be_damaged(full: Path, table: str, which: int):
    destroy(full, pages_of(full, table)[which])
    with Store.open_repaired(full, NOW) as store:
        saved = counts(store)
        assert 0 < saved[table] < WHOLE[table]
        assert all(saved[other] == WHOLE[other] for other in WHOLE if other != table)
        assert store._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_saved_events_keep_order_and_text_and_saved_visits_are_not_counted_again(full: Path):
    with Store.open(full) as store:
        before = store.outbox.next(1000)
    destroy(full, pages_of(full, "windows")[0])
    with Store.open_repaired(full, NOW) as store:
        assert store.outbox.next(1000) == before
        later = NOW + 3600 * WINDOWS
        assert store.close_window(later, later + 3600, BANDS, Traffic(), lambda _: None).visits == 0


def test_no_row_is_lost_to_a_damaged_index(full: Path):
    destroy(full, *pages_of(full, "visits_by_end"))
    with Store.open_repaired(full, NOW) as store:
        assert counts(store) == WHOLE
        assert store.last_repair is not None


@pytest.mark.parametrize("content", [b"no database at all\n" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_not_a_database_is_replaced_by_an_empty_one(database: Path, content: bytes):
    database.write_bytes(content)
    with Store.open_repaired(database, NOW) as store:
        assert not store.last_repair.whole
        assert sum(store.last_repair.saved.values()) == 0
        store.record([Visit(1.0, 2.0, 9)], 2.0)
    assert (database.parent / f"maitred.damaged-{STAMP}.db").read_bytes() == content


def test_rows_that_are_only_in_the_write_ahead_log_are_saved_too(database: Path):
    store = Store.open(database)
    store.record([Visit(1.0, 2.0, 9)] * 500, 2.0)
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.record([Visit(3.0, 4.0, 9)], 4.0)
    copies = {suffix: Path(f"{database}{suffix}").read_bytes() for suffix in ("", "-wal")}
    store.close()
    for suffix, content in copies.items():  # as after a power cut
        Path(f"{database}{suffix}").write_bytes(content)
    destroy(database, pages_of_frozen(database, "windows_by_end"))
    with Store.open_repaired(database, NOW, damaged=True) as mended:
        assert counts(mended)["visits"] == 501
    assert sorted(file.name for file in database.parent.glob("*damaged*"))[0] == f"maitred.damaged-{STAMP}.db"


def pages_of_frozen(database: Path, index: str) -> int:
    with closing(sqlite3.connect(f"{database.as_uri()}?immutable=1", uri=True)) as connection:
        return int(connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone()[0])


def test_after_a_power_cut_between_the_renames_the_saved_database_is_used(full: Path):
    destroy(full, pages_of(full, "visits")[3])
    with Store.open_repaired(full, NOW) as store:
        saved = counts(store)
        store._connection.execute("PRAGMA journal_mode = DELETE")
    full.rename(full.with_name("maitred.db.mending"))
    with Store.open_repaired(full, NOW + 60) as store:
        assert counts(store) == saved


def test_damage_that_the_check_had_no_time_to_find_is_found_when_read(full: Path, monkeypatch):
    monkeypatch.setattr(damage_module, "_passes_check", lambda connection: True)
    destroy(full, pages_of(full, "visits")[3])
    with Store.open_repaired(full, NOW) as store:
        assert store.last_repair is None
        with pytest.raises(sqlite3.DatabaseError):
            store.visits.between(0, 1e12)
    with Store.open_repaired(full, NOW, damaged=True) as store:
        assert store.last_repair is not None
        store.visits.between(0, 1e12)


def test_opening_without_repair_refuses_a_damaged_database_by_name(database: Path):
    database.write_bytes(b"no database at all\n" * 300)
    with pytest.raises(StoreDamaged, match="cannot use the database"):
        Store.open(database)


def test_other_errors_than_damage_are_not_repaired(tmp_path: Path):
    with pytest.raises(StoreError) as caught:
        Store.open_repaired(tmp_path, NOW)
    assert not isinstance(caught.value, StoreDamaged)
    assert not list(tmp_path.parent.glob(f"{tmp_path.name}.damaged*"))


def test_damaged_files_are_not_kept_for_longer_than_visits(full: Path):
    destroy(full, pages_of(full, "visits")[3])
    keep = parse_settings({"store": {"path": str(full), "keep_visits_days": 90}}, "test").store
    with Store.open_repaired(full, NOW) as store:
        store.prune(NOW + 89 * DAY_S, keep)
        assert len(list(full.parent.glob("*damaged*"))) == 1
        store.prune(NOW + 91 * DAY_S, keep)
    assert list(full.parent.glob("*damaged*")) == []


def test_after_a_repair_no_new_event_gets_the_number_of_a_dead_letter(full: Path):
    with Store.open(full) as store:
        for event in store.outbox.next(1000):
            store.outbox.mark_delivered(event.id, NOW)
    with Store.open_repaired(full, NOW, damaged=True) as store:
        (refused,) = store.outbox.dead_letters()
        store.outbox.add("new", "{}", NOW)
        store.outbox.mark_rejected("new", NOW, "HTTP 422")
        assert {letter.id for letter in store.outbox.dead_letters()} == {refused.id, "new"}
        assert store.outbox.requeue() == 2
        assert [event.id for event in store.outbox.next(9)] == [refused.id, "new"]
