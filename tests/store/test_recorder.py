"""What is counted while the database cannot be written waits, and is written once, with the right time."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path

import pytest

from edge.counting.visit import Visit
from edge.store import Keeper, Recorder, Store, StoreError, recorder
from edge.store.keeper import RETRY_S


class Hands:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def keeper(database: Path, hands: Hands) -> Keeper:
    return Keeper(database, hands)


def now_visit() -> Visit:
    now_s = time.monotonic()
    return Visit(now_s - 5, now_s - 1, 9, 30.0, (24.0, 37.0), 0.8)


def stored(database: Path) -> list[Visit]:
    with Store.open(database, read_only=True) as store:
        return [found.visit for found in store.visits.between(0, 1e12)]


def broken(database: Path) -> None:
    for path in database.parent.glob(f"{database.name}*"):
        path.rename(path.with_name(f"away-{path.name}"))
    database.mkdir()


def mended(database: Path) -> None:
    database.rmdir()
    for path in database.parent.glob(f"away-{database.name}*"):
        path.rename(path.with_name(path.name.removeprefix("away-")))


def fail(store: Store) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_visit_is_durable_at_once_and_has_the_time_of_day(keeper: Keeper, database: Path):
    Recorder(keeper).record([now_visit()])
    (found,) = stored(database)
    assert found.ended_at == pytest.approx(time.time() - 1, abs=2)
    assert found.dwell_s == pytest.approx(4)


def test_visits_wait_until_the_database_can_be_written_and_are_written_once(
    keeper: Keeper, hands: Hands, database: Path, caplog: pytest.LogCaptureFixture
):
    waiting = Recorder(keeper)
    assert keeper.do(fail) is None
    keeper.close()
    broken(database)
    for _ in range(3):
        waiting.record([now_visit()])
        hands.s += RETRY_S
    assert (waiting.waiting, waiting.lost) == (3, 0)
    assert keeper.failure
    mended(database)
    with caplog.at_level(logging.WARNING):
        waiting.flush()
        waiting.flush()
    assert waiting.waiting == 0
    assert len(stored(database)) == 3
    assert keeper.failure == ""
    assert "can be written again" in caplog.text


def test_after_a_failure_the_card_is_left_alone_for_a_moment(keeper: Keeper, hands: Hands):
    asked = []
    keeper.do(fail)
    assert keeper.do(asked.append) is None
    assert (asked, keeper.failures) == ([], 1)
    hands.s += RETRY_S
    keeper.do(asked.append)
    assert len(asked) == 1


def test_a_failure_is_told_once_in_a_while(keeper: Keeper, hands: Hands, caplog: pytest.LogCaptureFixture):
    for _ in range(5):
        keeper.do(fail)
        hands.s += RETRY_S
    told = [record.message for record in caplog.records]
    assert len(told) == 1
    assert "cannot be written (database or disk is full); what is counted waits in memory" in told[0]


def test_a_mistake_of_ours_is_not_waited_for(keeper: Keeper):
    def wrong(store: Store) -> None:
        raise sqlite3.IntegrityError("NOT NULL constraint failed")

    with pytest.raises(sqlite3.IntegrityError):
        keeper.do(wrong)


def test_memory_is_bounded_and_what_is_lost_is_counted(keeper: Keeper, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recorder, "MAX_WAITING", 3)
    waiting = Recorder(keeper)
    keeper.do(fail)
    waiting.record([now_visit() for _ in range(5)])
    assert (waiting.waiting, waiting.lost) == (3, 2)


def test_at_the_start_a_database_that_cannot_be_opened_is_an_error(tmp_path: Path):
    with pytest.raises(StoreError, match="cannot use the database"):
        Keeper(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_card_loses_nothing(tmp_path: Path, hands: Hands):
    small = tmp_path / "card"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=2m tmpfs {small} 2>/dev/null"):
        pytest.skip("a file system of its own cannot be mounted here")
    try:
        database = small / "maitred.db"
        keeper = Keeper(database, hands)
        waiting = Recorder(keeper)
        waiting.record([now_visit()])
        filler = small / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        for _ in range(50):  # more than fits into what the log has kept for itself
            waiting.record([now_visit()] * 20)
            hands.s += RETRY_S
        assert keeper.failure == "database or disk is full"
        assert waiting.waiting > 0
        filler.unlink()
        hands.s += RETRY_S
        waiting.flush()
        assert waiting.waiting == waiting.lost == 0
        assert len(stored(database)) == 1 + 50 * 20
        keeper.close()
    finally:
        os.system(f"umount {small}")
