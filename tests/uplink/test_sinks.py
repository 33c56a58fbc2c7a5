"""Sinks of other packages: how they are found, what they are promised, and that nothing is lost if they misbehave."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from edge.agent.doctor import run_checks
from edge.config import load_settings, parse_settings
from edge.dashboard.page import privacy_note
from edge.errors import BadInput
from edge.provision.check import check
from edge.provision.secrets import Vault
from edge.store import QueuedEvent, Store
from edge.uplink import (
    DeliveryOutcome,
    OutboxWorker,
    Sink,
    SinkContext,
    SinkUnavailable,
    UplinkWorkers,
    Verdict,
)
from edge.uplink.registry import open_sink
from tests.waiting import until

PATIENCE_S = 30.0
ACKNOWLEDGED = DeliveryOutcome(Verdict.ACKNOWLEDGED)
Install = Callable[[str, str, dict[str, dict[str, str]]], None]
LINES = """
from pathlib import Path

from edge.errors import BadInput
from edge.uplink import DeliveryOutcome, Sink, SinkKind, Verdict


class Lines(Sink):
    def __init__(self, path):
        self.path = Path(path)

    def deliver(self, events, now):
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(f"{event.body}\\n" for event in events)
        return DeliveryOutcome(Verdict.ACKNOWLEDGED)


def open_lines(context):
    if context.options.get("path") == "none":
        return None
    if "path" not in context.options:
        raise BadInput("[sink.options] path is missing: the file that events are added to")
    return Lines(context.options["path"])


LINES = SinkKind(open_lines, "a file, a line for each event")
"""


@pytest.fixture
def lines(install_package: Install) -> None:
    install_package("lines_sink", LINES, {"maitred.sinks": {"lines": "lines_sink:LINES"}})


class Scripted(Sink):
    """Does with each delivery what the script says: an outcome is given, an exception raised, anything else given."""

    def __init__(self, script: Iterable[object] = (), batch: int = 1) -> None:
        self.script = iter(script)
        self.batch = batch
        self.calls: list[str] = []
        self.delivered: list[list[str]] = []

    def connect(self) -> None:
        self.calls.append("connect")

    def deliver(self, events: Sequence[QueuedEvent], now: float) -> DeliveryOutcome:
        self.calls.append("deliver")
        answer = next(self.script, ACKNOWLEDGED)
        if isinstance(answer, BaseException):
            raise answer
        self.delivered.append([event.id for event in events])
        return answer  # type: ignore[return-value]

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def drained(database: Path, store: Store) -> Iterator[Callable[..., list[float]]]:
    """Empties the outbox into a sink; gives the pauses."""
    running: list[OutboxWorker] = []

    def drain(sink: Sink) -> list[float]:
        pauses: list[float] = []
        worker = OutboxWorker(sink, database, name="test", random=lambda: 0.5, pause=pauses.append)
        running.append(worker)
        worker.start()
        until(lambda: store.outbox.state().queued == 0)
        worker.stop(PATIENCE_S)
        assert not worker.damaged
        return pauses

    yield drain
    for worker in running:
        worker.stop(PATIENCE_S)


def queue(store: Store, *ids: str) -> None:
    for number, event_id in enumerate(ids):
        store.outbox.add(event_id, f'{{"id":"{event_id}"}}', 1000.0 + number)


FAILURES = {
    "says so": SinkUnavailable("the queue is full"),
    "raises anything": ZeroDivisionError("division by zero"),
    "tries to end the program": SystemExit(1),
    "has a damaged database of its own": sqlite3.DatabaseError("database disk image is malformed"),
    "forgets to answer": None,
    "answers something else": True,
    "asks for another attempt": DeliveryOutcome(Verdict.RETRY, "not now"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_whatever_a_sink_does_each_event_arrives_and_in_order(
    failure: object, store: Store, drained: Callable[..., list[float]], caplog: pytest.LogCaptureFixture
):
    queue(store, "a", "b", "c")
    sink = Scripted(iter([ACKNOWLEDGED, failure, failure]))
    assert drained(sink) == [0.5, 1]
    arrived = [ids for ids in sink.delivered if ids != ["b"]]
    assert arrived == [["a"], ["c"]]
    assert sink.delivered[-2:] == [["b"], ["c"]]
    assert (store.outbox.state().delivered, store.outbox.state().rejected) == (3, 0)
    assert "trying again in 1 s" in caplog.text


def test_after_a_failure_the_connection_is_made_anew(store: Store, drained: Callable[..., list[float]]):
    queue(store, "a")
    sink = Scripted(iter([SinkUnavailable("gone")]))
    drained(sink)
    assert sink.calls == ["connect", "deliver", "close", "connect", "deliver", "close"]


def test_a_sink_that_cannot_be_connected_is_closed_and_tried_again(store: Store, drained: Callable[..., list[float]]):
    class Away(Scripted):
        def connect(self) -> None:
            super().connect()
            if len(self.calls) < 4:
                raise SinkUnavailable("nobody answers")

    queue(store, "a")
    sink = Away()
    assert drained(sink) == [0.5, 1]
    assert sink.calls == ["connect", "close", "connect", "close", "connect", "deliver", "close"]


def test_the_reason_of_a_failure_is_kept_for_the_dashboard(database: Path, store: Store):
    queue(store, "a")
    paused, go_on = threading.Event(), threading.Event()

    def pause(seconds: float) -> None:
        paused.set()
        go_on.wait(PATIENCE_S)

    sink = Scripted(iter([OSError("no route to rtsp://me:s3cret@host/")]))
    worker = OutboxWorker(sink, database, name="test", pause=pause)
    worker.start()
    assert paused.wait(PATIENCE_S)
    assert store.outbox.state().last_error == "OSError: no route to rtsp://***@host/"
    assert store.outbox.next()[0].attempts == 1
    go_on.set()
    worker.stop(PATIENCE_S)


def test_the_culprit_of_a_rejected_batch_is_found_and_the_others_are_delivered(
    store: Store, drained: Callable[..., list[float]]
):
    class Picky(Scripted):
        def deliver(self, events: Sequence[QueuedEvent], now: float) -> DeliveryOutcome:
            super().deliver(events, now)
            bad = any(event.id == "c" for event in events)
            return DeliveryOutcome(Verdict.REJECTED, "no c") if bad else ACKNOWLEDGED

    queue(store, *"abcdefg")
    sink = Picky(batch=4)
    assert drained(sink) == []
    assert sink.delivered == [["a", "b", "c", "d"], ["a"], ["b"], ["c"], ["d"], ["e", "f", "g"]]
    assert [(letter.id, letter.reason) for letter in store.outbox.dead_letters()] == [("c", "no c")]
    assert store.outbox.state().delivered == 6


def test_a_sink_without_a_sensible_batch_gets_one_event_at_a_time(store: Store, drained: Callable[..., list[float]]):
    queue(store, "a", "b")
    sink = Scripted(batch=0)
    drained(sink)
    assert sink.delivered == [["a"], ["b"]]


def test_a_pause_that_a_sink_asks_for_is_kept_up_to_its_longest(store: Store, drained: Callable[..., list[float]]):
    queue(store, "a")
    sink = Scripted(iter([DeliveryOutcome(Verdict.RETRY, "", 20.0), DeliveryOutcome(Verdict.RETRY, "", 9000.0)]))
    assert drained(sink) == [20.5, 900]


def test_a_sink_that_misbehaves_while_nothing_waits_is_closed_and_connected_again(
    database: Path, store: Store, caplog: pytest.LogCaptureFixture
):
    class Restless(Scripted):
        def idle(self, windows: object, now: float) -> None:
            self.calls.append("idle")
            if self.calls.count("idle") == 1:
                raise sqlite3.DatabaseError("database disk image is malformed")

    sink = Restless()
    worker = OutboxWorker(sink, database, name="test", pause=lambda _: None)
    worker.start()
    until(lambda: worker.state == "idle")
    queue(store, "a")
    worker.wake()
    until(lambda: store.outbox.state().queued == 0)
    worker.stop(PATIENCE_S)
    assert sink.calls[:4] == ["connect", "idle", "close", "connect"]
    assert not worker.damaged
    assert "unexpected error of the sink" in caplog.text


# Configured by name.


@pytest.mark.usefixtures("lines")
def test_an_installed_sink_is_chosen_by_name_and_gets_its_options(tmp_path: Path, store: Store, database: Path):
    config = tmp_path / "maitred.toml"
    config.write_text(
        f'[store]\npath = "{database}"\n[sink]\nname = "lines"\n[sink.options]\npath = "{tmp_path / "events"}"\n'
    )
    settings = load_settings(config)
    assert settings.carrier == "lines"
    assert settings.sends
    assert "sent to lines;" in privacy_note(settings.uplink, settings.mqtt, settings.sink)
    queue(store, "a", "b")
    workers = UplinkWorkers(settings, "mobile 1.0.0")
    assert workers.state == "off"
    workers.start()
    until(lambda: store.outbox.state().delivered == 2)
    until(lambda: workers.state == "idle")
    workers.stop()
    assert (tmp_path / "events").read_text() == '{"id":"a"}\n{"id":"b"}\n'


@pytest.mark.usefixtures("lines")
def test_an_unknown_sink_is_refused_with_those_that_are_installed():
    with pytest.raises(BadInput, match=r"sink.name: 'line' is not installed; installed are: https, mqtt, lines"):
        parse_settings({"sink": {"name": "line"}}, "test")


UPLINK = {"url": "https://census.example.com/", "secret_file": "s"}
CONTRADICTIONS = {
    "two places": ({"sink": {"name": "lines"}, "uplink": UPLINK}, "sink: events go to one place"),
    "the broker and an endpoint": (
        {"sink": {"name": "mqtt"}, "uplink": UPLINK, "mqtt": {"host": "broker"}},
        "sink: events go to one place",
    ),
    "https without an endpoint": ({"sink": {"name": "https"}}, r"sink: name is https, and \[uplink\] has no url"),
    "mqtt without a broker": ({"sink": {"name": "mqtt"}}, r"sink: name is mqtt, and \[mqtt\] has no host"),
    "options for nobody": ({"sink": {"options": {"path": "p"}}}, "options need the name of the sink"),
    "options for https": (
        {"sink": {"name": "https", "options": {"path": "p"}}, "uplink": UPLINK},
        "https takes no options",
    ),
    "a key of the options beside them": ({"sink": {"name": "lines", "path": "p"}}, "sink.path: unknown key"),
}


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(("values", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_settings_of_a_sink_that_contradict_others_are_refused(values: dict[str, object], message: str):
    with pytest.raises(BadInput, match=message):
        parse_settings(values, "test")


WAYS = {
    "none": ({}, ""),
    "the endpoint": ({"uplink": UPLINK}, "https"),
    "the broker": ({"mqtt": {"host": "broker"}}, "mqtt"),
    "the endpoint first": ({"uplink": UPLINK, "mqtt": {"host": "broker"}}, "https"),
    "the endpoint by name": ({"uplink": UPLINK, "mqtt": {"host": "broker"}, "sink": {"name": "https"}}, "https"),
    "a plug-in, and the broker for the state": ({"mqtt": {"host": "broker"}, "sink": {"name": "lines"}}, "lines"),
}


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(("values", "carrier"), WAYS.values(), ids=WAYS)
def test_events_have_one_way_out(values: dict[str, object], carrier: str):
    settings = parse_settings(values, "test")
    assert (settings.carrier, settings.sends) == (carrier, bool(carrier))


@pytest.mark.usefixtures("lines")
def test_provisioning_takes_a_sink_with_its_options_and_refuses_an_unknown_one(tmp_path: Path):
    text = '[sink]\nname = "lines"\n[sink.options]\npath = "/var/lib/maitred/events"\n'
    found = check(text, Vault(tmp_path))
    assert found.problems == ()
    assert found.agent["sink"] == {"name": "lines", "options": {"path": "/var/lib/maitred/events"}}
    (problem,) = check(text.replace('"lines"', '"line"'), Vault(tmp_path)).problems
    assert "line 2: [sink] name: 'line' is not installed; installed are: https, mqtt, lines" in str(problem)
    (problem,) = check('[sink]\nname = "mqtt"\n', Vault(tmp_path)).problems
    assert "[mqtt] has no host" in str(problem)


BROKEN = {
    "a mistake in its code": ("1 / 0", {}, "the plug-in lines .* cannot be loaded: ZeroDivisionError.*pip uninstall"),
    "an option is missing": (LINES, {}, r"\[sink.options\] path is missing"),
    "an option of the wrong kind": (LINES, {"path": 5}, r"\[sink\] lines: it cannot be used .* TypeError"),
    "it makes no sink": (LINES, {"path": "none"}, "its plug-in made a NoneType, which is no edge.uplink.Sink"),
}


@pytest.mark.parametrize(("code", "options", "message"), BROKEN.values(), ids=BROKEN)
def test_a_sink_that_cannot_be_made_is_named_before_anything_starts_and_by_doctor(
    install_package: Install, tmp_path: Path, code: str, options: dict[str, object], message: str
):
    install_package("lines_sink", code, {"maitred.sinks": {"lines": "lines_sink:LINES"}})
    values = {"sink": {"name": "lines", "options": options}, "store": {"path": str(tmp_path / "maitred.db")}}
    settings = parse_settings(values, "test")
    with pytest.raises(BadInput, match=message):
        UplinkWorkers(settings, "mobile 1.0.0")
    (found,) = [each for each in run_checks(settings) if each.name == "sink"]
    assert found.verdict == "failure"
    assert found.way_out


@pytest.mark.usefixtures("lines")
def test_doctor_says_which_way_events_go(tmp_path: Path):
    def found(**values: object) -> str:
        settings = parse_settings({"store": {"path": str(tmp_path / "maitred.db")}, **values}, "test")
        return next(each.found for each in run_checks(settings) if each.name == "sink")

    assert found() == "none configured"
    assert found(uplink=UPLINK) == "events go out over https"
    assert found(sink={"name": "lines", "options": {"path": "p"}}) == "lines is installed and takes its options"


def test_opening_a_sink_that_is_not_installed_lists_those_that_are():
    context = SinkContext(parse_settings({}, "test"))
    with pytest.raises(BadInput, match=r"\[sink\] name: 'smoke' is not installed; installed are: https, mqtt"):
        open_sink("smoke", context)


def test_logs_name_the_sink(store: Store, drained: Callable[..., list[float]], caplog: pytest.LogCaptureFixture):
    queue(store, "a")
    with caplog.at_level(logging.INFO):
        drained(Scripted())
    assert "test: delivered a after 0 failed attempts" in caplog.text
