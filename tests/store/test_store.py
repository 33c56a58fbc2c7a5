"""The store: visits, windows, events and the heartbeat, and for how long they are kept."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.store import DeadLetter, Health, QueuedEvent, Store
from edge.store import heartbeat as heartbeat_module
from edge.store.store import DAY_S

BANDS = AgeBands((0, 13, 18, 65))


def visit(ended_at: float, age: float | None = 30.0, direction=None) -> Visit:
    interval = None if age is None else (age - 6, age + 7)
    return Visit(ended_at - 5, ended_at, 12, age, interval, None if age is None else 0.8, direction)


def nothing(window: Window) -> None:
    return None


def close(store: Store, start: float, end: float, event_of=nothing) -> Window:
    return store.close_window(start, end, BANDS, Traffic(90, 10), event_of)


def visits(store: Store) -> list[Visit]:
    return [stored.visit for stored in store.visits.between(0, 1e12)]


@pytest.mark.parametrize(
    "original",
    [
        Visit(90.0, 100.0, 12, 34.5, (28.0, 41.0), 0.83, "in", own_interval=(30.5, 38.5)),
        Visit(90.0, 100.0, 12, 7.0, (5.0, 9.0), None, "out"),
        Visit(90.0, 100.0, 4),
        Visit(90.0, 100.0, 12, 34.5, (28.0, 41.0), 0.83, "out", 4.5),
    ],
    ids=["full", "a child", "never classified", "of a zone"],
)
def test_a_visit_is_read_as_it_was_written(store: Store, original: Visit):
    store.record([original], 101.0)
    assert visits(store) == [original]


def test_visits_are_recorded_all_or_none(store: Store):
    wrong = dataclasses.replace(visit(200.0), direction="sideways")
    with pytest.raises(sqlite3.IntegrityError):
        store.record([visit(100.0), wrong], 201.0)
    assert visits(store) == []


def test_visits_are_found_by_their_end(store: Store):
    store.record([visit(at) for at in (300.0, 100.0, 200.0)], 301.0)
    assert [stored.visit.ended_at for stored in store.visits.between(100, 300)] == [100.0, 200.0]
    assert [stored.visit.ended_at for stored in store.visits.last(2)] == [300.0, 200.0]
    assert [stored.visit.ended_at for stored in store.visits.last(9, since=200)] == [300.0, 200.0]


STAFF = Visit(240.0, 250.0, 12, excluded=True)


def test_of_excluded_visits_only_the_number_is_reported(store: Store):
    store.record([visit(100.0, direction="in"), STAFF, visit(300.0, direction="out")], 301.0)

    assert [stored.visit.ended_at for stored in store.visits.between(0, 1000)] == [100.0, 300.0]
    assert [stored.visit.ended_at for stored in store.visits.last(9)] == [300.0, 100.0]
    assert store.visits.crossings_between(0, 1000) == [(100.0, "in"), (300.0, "out")]
    assert [store.visits.excluded_between(*span) for span in ((0, 250), (250, 251), (251, 1000))] == [0, 1, 0]
    closed = close(store, 0, 900)
    assert (closed.visits, closed.excluded, closed.dwell_s) == (2, 1, (5.0, 5.0, 5.0))
    assert store.windows.between(0, 900) == [closed]
    assert close(store, 900, 1800).excluded == 0


def test_excluded_visits_are_deleted_after_their_retention_time(store: Store):
    store.record([STAFF], 251.0)
    close(store, 0, 900)
    store.prune(3 * DAY_S, retention(visits=2))
    assert store.visits.excluded_between(0, 1e12) == 0


def test_a_window_is_read_as_it_was_closed(store: Store):
    store.record([visit(100.0, direction="in"), visit(200.0, None), visit(300.0, 8.0, "out")], 301.0)
    closed = close(store, 0, 900)
    assert (closed.visits, closed.entries, closed.exits) == (3, 1, 1)
    assert store.windows.between(0, 900) == [closed]


def test_a_window_without_visits_is_stored_too(store: Store):
    assert store.windows.between(0, 900) == []
    closed = close(store, 0, 900)
    assert (closed.visits, closed.dwell_s) == (0, None)
    assert store.windows.between(0, 900) == [closed]


def test_windows_are_found_by_their_end(store: Store):
    for start in (0, 900, 1800):
        close(store, start, start + 900)
    assert [window.end for window in store.windows.between(900, 1800)] == [1800]
    assert [window.end for window in store.windows.between(899, 2700)] == [900, 1800, 2700]


def test_a_window_and_its_event_are_stored_together(store: Store):
    store.record([visit(100.0)], 101.0)
    close(store, 0, 900, lambda window: ("id-1", f'{{"visits":{window.visits}}}'))
    assert store.outbox.next() == [QueuedEvent("id-1", '{"visits":1}', 0)]


class Broken(Exception):
    pass


def broken(window: Window):
    raise Broken


def taken(window: Window):
    return "taken", "{}"


@pytest.mark.parametrize(("event_of", "error"), [(broken, Broken), (taken, sqlite3.IntegrityError)])
def test_a_window_is_not_closed_if_its_event_fails(store: Store, event_of, error):
    store.outbox.add("taken", "{}", 0)
    store.record([visit(100.0)], 101.0)
    with pytest.raises(error):
        close(store, 0, 900, event_of)
    assert [event.id for event in store.outbox.next(9)] == ["taken"]
    assert close(store, 0, 900).visits == 1  # its visits are there for the next attempt


def test_a_late_visit_is_in_the_next_window_and_in_no_other(store: Store):
    store.record([visit(850.0)], 851.0)
    first = close(store, 0, 900)
    store.record([visit(899.0)], 905.0)  # it ended in the first window and was counted in the second
    second, third = close(store, 900, 1800), close(store, 1800, 2700)
    assert [window.visits for window in (first, second, third)] == [1, 1, 0]


def test_a_visit_counted_after_the_windows_end_is_in_the_next_window(store: Store):
    store.record([visit(100.0)], 101.0)
    store.record([visit(899.0)], 900.0)
    assert close(store, 0, 900).visits == 1
    assert close(store, 900, 1800).visits == 1


def queue(store: Store, *events: tuple[str, float]) -> None:
    for event_id, at in events:
        store.outbox.add(event_id, f'{{"id":"{event_id}"}}', at)


def test_events_leave_in_the_order_of_their_creation(store: Store):
    queue(store, ("b", 300.0), ("a", 100.0), ("c", 200.0))
    assert [event.id for event in store.outbox.next(9)] == ["b", "a", "c"]
    assert [event.id for event in store.outbox.next()] == ["b"]


def test_an_event_id_cannot_be_queued_twice(store: Store):
    queue(store, ("a", 100.0))
    with pytest.raises(sqlite3.IntegrityError):
        queue(store, ("a", 200.0))


def test_a_failed_event_stays_first_with_its_body_and_its_error(store: Store):
    queue(store, ("a", 100.0), ("b", 200.0))
    store.outbox.mark_failed("a", "HTTP 500")
    store.outbox.mark_failed("a", "HTTP 503")
    assert store.outbox.next() == [QueuedEvent("a", '{"id":"a"}', 2)]
    assert store.outbox.state().last_error == "HTTP 503"


def test_delivered_events_are_counted_and_deleted_and_refused_ones_are_dead_letters(store: Store):
    queue(store, ("a", 100.0), ("b", 200.0), ("c", 300.0))
    store.outbox.mark_failed("a", "HTTP 500")
    store.outbox.mark_delivered("a", 1000.0)
    store.outbox.mark_rejected("b", 1001.0, "HTTP 422")
    state = store.outbox.state()
    assert [event.id for event in store.outbox.next(9)] == ["c"]
    assert (state.queued, state.delivered, state.rejected, state.dropped) == (1, 1, 1, 0)
    assert (state.last_delivered_at, state.last_error) == (1000.0, None)
    assert store.outbox.dead_letters() == [DeadLetter("b", 1001.0, "HTTP 422")]


def test_an_event_marked_as_delivered_twice_is_counted_once(store: Store):
    queue(store, ("a", 100.0))
    store.outbox.mark_delivered("a", 1000.0)
    store.outbox.mark_delivered("a", 1001.0)
    assert store.outbox.state().delivered == 1


def test_dead_letters_return_to_their_place_in_the_queue(store: Store):
    queue(store, ("a", 100.0), ("b", 200.0), ("c", 300.0))
    store.outbox.mark_rejected("b", 1001.0, "HTTP 422")
    assert store.outbox.requeue() == 1
    assert [(event.id, event.body) for event in store.outbox.next(9)] == [
        (name, f'{{"id":"{name}"}}') for name in ("a", "b", "c")
    ]
    assert store.outbox.dead_letters() == []


def retention(**days: int):
    return parse_settings({"store": {f"keep_{name}_days": value for name, value in days.items()}}, "test").store


def test_undelivered_events_that_are_too_old_are_dropped_and_counted(store: Store):
    queue(store, ("old", 1 * DAY_S), ("older", 0.5 * DAY_S), ("new", 9 * DAY_S), ("refused", 1 * DAY_S))
    store.outbox.mark_rejected("refused", 1 * DAY_S, "HTTP 422")
    assert store.prune(12 * DAY_S, retention(outbox=10)) == 2
    assert [event.id for event in store.outbox.next(9)] == ["new"]
    assert store.outbox.state().dropped == 2
    assert store.prune(30 * DAY_S, retention(outbox=10)) == 1
    assert store.outbox.state().dropped == store.outbox.dropped == 3
    assert store.outbox.dead_letters() == []


def test_events_beyond_the_size_bound_are_dropped_oldest_first_and_counted(store: Store):
    for number in range(10):
        store.outbox.add(str(number), "é" * 100_000, float(number))  # 200 kB each
    settings = retention().model_copy(update={"keep_outbox_mb": 1})
    assert store.prune(10.0, settings) == 5
    assert [event.id for event in store.outbox.next(99)] == ["5", "6", "7", "8", "9"]
    assert store.prune(10.0, settings) == 0
    assert store.outbox.dropped == 5


def test_an_event_larger_than_the_bound_is_dropped(store: Store):
    store.outbox.add("small", "{}", 0.0)
    store.outbox.add("huge", "x" * 1_100_000, 0.0)
    assert store.prune(10.0, retention().model_copy(update={"keep_outbox_mb": 1})) == 2


def test_visits_and_windows_are_deleted_after_their_retention_times(store: Store):
    for day in (1, 5):
        store.record([visit(day * DAY_S + 100)], day * DAY_S + 101)
        close(store, day * DAY_S, day * DAY_S + 900)
    keep = retention(visits=2, windows=30)
    store.prune(6 * DAY_S, keep)
    assert [stored.ended_at for stored in visits(store)] == [5 * DAY_S + 100]
    assert len(store.windows.between(0, 1e12)) == 2
    store.prune(32 * DAY_S, keep)
    assert visits(store) == []
    assert [window.end for window in store.windows.between(0, 1e12)] == [5 * DAY_S + 900]


def test_a_visit_that_is_not_in_a_window_yet_is_not_deleted(store: Store):
    store.record([visit(100.0)], 101.0)
    store.prune(100 * DAY_S, retention(visits=1))
    assert close(store, 0, 900).visits == 1


def test_a_visit_is_not_counted_again_when_its_window_is_deleted_first(store: Store):
    store.record([visit(1 * DAY_S)], 1 * DAY_S + 1)
    close(store, 1 * DAY_S, 1 * DAY_S + 900)
    try:
        keep = retention(visits=30, windows=2)
    except BadInput as error:  # or such settings may be refused
        assert "keep_windows_days" in str(error)
    else:
        store.prune(5 * DAY_S, keep)
    assert close(store, 5 * DAY_S, 5 * DAY_S + 900).visits == 0


HEALTH = Health(
    at=100.0, started_at=1.0, camera="running", camera_source="picamera2:", camera_error=None, frames=9, dropped=1,
    fps=14.9, latency_ms=31.5, temperature_c=None, memory_mb=140.0, model="mobile 1.0.0", uplink="idle",
    people_in_view=2,
)  # fmt: skip


def test_the_heartbeat_is_the_last_one_written(store: Store):
    assert store.heartbeat.read() is None
    store.heartbeat.write(HEALTH)
    later = dataclasses.replace(HEALTH, at=102.0, camera="failed", camera_error="no frame", temperature_c=61.5)
    store.heartbeat.write(later)
    assert store.heartbeat.read() == later


@pytest.fixture
def state_and_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Folders in place of /var/lib and /run, each with the folder of the service."""
    state, runtime = tmp_path / "lib", tmp_path / "run"
    for folder in (state, runtime):
        (folder / "maitred").mkdir(parents=True)
    monkeypatch.setattr(heartbeat_module, "STATE_FOLDER", state)
    monkeypatch.setattr(heartbeat_module, "RUNTIME_FOLDER", runtime)
    return state / "maitred", runtime / "maitred"


def test_on_a_device_the_heartbeat_is_in_ram_and_the_last_one_in_the_database(state_and_runtime):
    state, runtime = state_and_runtime
    with Store.open(state / "maitred.db") as store, Store.open(state / "maitred.db", read_only=True) as reader:
        before = (state / "maitred.db-wal").stat().st_size
        for second in range(100):
            store.heartbeat.write(dataclasses.replace(HEALTH, at=100.0 + second))
        assert (state / "maitred.db-wal").stat().st_size == before
        assert reader.heartbeat.read().at == 199.0
        store.heartbeat.write(dataclasses.replace(HEALTH, at=300.0), last=True)
        assert reader.heartbeat.read().at == 300.0
        (runtime / "maitred.db-heartbeat").unlink()  # as after the machine was switched off
        assert reader.heartbeat.read().at == 300.0


def test_without_a_folder_in_ram_the_heartbeat_is_a_row(state_and_runtime):
    state, runtime = state_and_runtime
    runtime.rmdir()
    with Store.open(state / "maitred.db") as store:
        store.heartbeat.write(HEALTH)
        assert store.heartbeat.read() == HEALTH
