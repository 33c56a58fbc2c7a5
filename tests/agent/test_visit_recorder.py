"""Visits are written in batches, and wait in memory while a real file system cannot be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.agent import visit_recorder as recorder_module
from edge.agent.visit_recorder import RETRY_S, VisitRecorder
from edge.agent.window_closer import WindowCloser
from edge.census.window import Traffic, Window
from edge.config import Settings, parse_settings
from edge.counting.visit import Visit
from edge.store import Store, StoreDamaged

HOUR = 3600.0
BATCH_S = Settings().store.write_every_s
START = 1_790_000_000.0 // HOUR * HOUR
NOTHING = Traffic()


def visits(count: int, at: float) -> list[Visit]:
    return [Visit(at - 5, at, 9, 30.0, (25.0, 35.0), 0.8, "in")] * count


def event_of(window: Window) -> tuple[str, str]:
    return f"e{window.start:.0f}", str(window.visits)


def settings_for(folder: Path, **store: int) -> Settings:
    return parse_settings({"store": {"path": folder / "maitred.db", **store}}, "test")


class Bench:
    """A recorder on a store, and its clock."""

    def __init__(self, folder: Path, **store: int) -> None:
        self.settings = settings_for(folder, **store)
        self.store = Store.open(self.settings.store.path)
        self.now = START
        self.recorder = VisitRecorder(self.settings.store, self.store, WindowCloser(self.settings.census, event_of))
        self.frames = 0

    def count(self, number: int) -> None:
        self.recorder.record(visits(number, self.now), self.now)

    def tick(self, after: float = 0.0, **more) -> bool:
        self.now += after
        self.frames += int(after)
        return self.recorder.tick(self.now, self.now, Traffic(self.frames), **more)

    @property
    def stored(self) -> int:
        return len(self.store.visits.between(0, 1e12))

    @property
    def windows(self) -> list[tuple[float, int, int]]:
        """Start in hours after START, visits and frames of the closed windows."""
        closed = self.store.windows.between(0, 1e12)
        return [((window.start - START) / HOUR, window.visits, window.traffic.frames) for window in closed]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


def test_a_visit_after_a_quiet_time_is_stored_at_once(bench: Bench):
    bench.count(1)
    bench.tick()
    assert bench.stored == 1
    bench.count(1)
    bench.tick(BATCH_S)
    assert bench.stored == 2


def test_in_a_rush_visits_are_stored_together(bench: Bench):
    bench.count(1)
    bench.tick()
    for _ in range(9):
        bench.count(1)
        bench.tick(BATCH_S / 10)
    assert (bench.stored, bench.recorder.waiting) == (1, 9)
    bench.tick(BATCH_S / 10)
    assert (bench.stored, bench.recorder.waiting) == (10, 0)


def test_a_window_includes_visits_that_were_still_waiting_when_it_ended(bench: Bench):
    bench.count(1)
    bench.tick()
    bench.tick(HOUR - 1)
    bench.count(1)
    bench.tick()
    bench.count(2)
    assert bench.tick(1)
    assert bench.windows == [(0, 4, 3600)]
    assert [event.body for event in bench.store.outbox.next(9)] == ["4"]


def test_at_the_end_everything_is_written(bench: Bench):
    bench.count(1)
    bench.tick()
    bench.count(3)
    bench.tick(1, last=True)
    assert bench.stored == 4


def test_old_events_are_dropped_from_time_to_time(bench: Bench, caplog):
    bench.store.outbox.add("old", "{}", START - 31 * 86400)
    bench.tick()
    assert "dropped 1 events" in caplog.text
    assert bench.store.outbox.dropped == 1


@pytest.fixture
def small_card(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    folder = tmp_path / "card"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("mount is not installed")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.slow
def test_on_a_full_card_nothing_is_lost_and_each_window_gets_its_own_visits(small_card: Path, caplog):
    bench = Bench(small_card)
    bench.count(1)
    bench.tick()
    filler = small_card / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
        while True:
            os.write(file.fileno(), b"x" * 4096)
    for hour in range(3):
        for _ in range(100 * (hour + 1)):
            bench.count(1)
            bench.tick(HOUR / (100 * (hour + 1)))
    assert "full" in bench.recorder.error
    assert bench.recorder.waiting > 500
    assert caplog.text.count("cannot be written") == 1  # not once for every frame
    filler.unlink()
    bench.tick(RETRY_S + 1)
    assert bench.recorder.error is None
    assert bench.recorder.waiting == 0
    assert "visits can be written to the database again" in caplog.text
    assert [(start, visits) for start, visits, _ in bench.windows] == [(0, 101), (1, 200), (2, 300)]
    assert [event.body for event in bench.store.outbox.next(9)] == ["101", "200", "300"]
    assert bench.stored == 601
    assert bench.store._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    bench.store.close()


def test_nothing_is_lost_while_the_store_is_read_only(bench: Bench):
    bench.count(1)
    bench.tick()
    # SQLite answers the same as on a file system that the kernel made read-only after an error of the card.
    bench.store._connection.execute("PRAGMA query_only = 1")
    bench.count(5)
    assert not bench.tick(HOUR)
    assert "readonly" in bench.recorder.error
    bench.store._connection.execute("PRAGMA query_only = 0")
    assert bench.tick(RETRY_S + 1)
    assert [(start, visits) for start, visits, _ in bench.windows] == [(0, 6)]
    assert bench.stored == 6


def test_visits_wait_while_another_process_has_locked_the_database(bench: Bench, tmp_path: Path):
    bench.store._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(tmp_path / "maitred.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    bench.count(1)
    bench.tick()
    assert "locked" in bench.recorder.error
    other.execute("ROLLBACK")
    other.close()
    bench.tick(RETRY_S + 1)
    assert bench.stored == 1


def test_waiting_visits_are_bounded_and_those_given_up_are_counted(bench: Bench, monkeypatch):
    monkeypatch.setattr(recorder_module, "MAX_WAITING", 10)
    bench.count(14)
    bench.tick()
    assert bench.stored == 10
    assert bench.store.lost_visits == 4


@pytest.mark.slow
def test_damage_is_raised_and_waiting_visits_go_into_the_repaired_store(bench: Bench, tmp_path: Path):
    bench.count(200)
    bench.tick()
    bench.store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "maitred.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 100_000)
    bench.store._connection.execute("PRAGMA shrink_memory")
    bench.count(7)
    with pytest.raises(StoreDamaged):
        bench.tick(BATCH_S)
    bench.store.close()
    bench.store = Store.open_repaired(tmp_path / "maitred.db", bench.now, damaged=True)
    bench.recorder.use_store(bench.store)
    bench.tick()
    assert bench.recorder.waiting == 0
    assert bench.stored >= 7


def test_while_the_time_is_unknown_visits_are_stored_and_no_window_closes(bench: Bench):
    for _ in range(3):
        bench.count(2)
        bench.tick(HOUR, trusted=False)
    assert (bench.stored, bench.windows) == (6, [])
    bench.tick(60)
    assert [(start, visits) for start, visits, _ in bench.windows] == [(0, 2), (1, 2), (2, 2)]


def test_when_the_clock_is_set_stored_and_waiting_visits_move_with_it(bench: Bench):
    bench.count(1)
    bench.tick(trusted=False)
    bench.count(1)
    bench.tick(1, trusted=False)
    assert (bench.stored, bench.recorder.waiting) == (1, 1)
    now_s, ahead = bench.now + 60, 400 * 24 * HOUR
    bench.recorder.tick(now_s + ahead, now_s, NOTHING)
    counted = [stored.counted_at - START for stored in bench.store.visits.between(0, 1e12)]
    assert counted == pytest.approx([ahead, ahead])
    bench.recorder.tick(now_s + ahead + HOUR, now_s + HOUR, NOTHING)
    assert [visits for _, visits, _ in bench.windows] == [2]


def test_without_a_store_all_visits_wait_for_the_next_one(bench: Bench, tmp_path: Path):
    bench.recorder.go_without_store("the card is read-only")
    bench.count(3)
    assert not bench.tick(HOUR, last=True)
    assert (bench.recorder.waiting, bench.recorder.error) == (3, "the card is read-only")
    bench.recorder.use_store(bench.store)
    assert bench.tick(RETRY_S + 1)
    assert (bench.recorder.waiting, bench.recorder.error) == (0, None)
    assert [visits for _, visits, _ in bench.windows] == [3]
