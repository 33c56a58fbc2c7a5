"""Store, outbox, worker and receiver against a model: whatever happens, every window arrives once and unaltered.

Hypothesis makes up histories: visits, windows that close, replies that get lost, requests that arrive twice, a full
database, processes that are killed anywhere. ``MAITRED_HISTORIES`` tells how many (tests/soak runs 2,000).
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from requests.adapters import BaseAdapter

from cloud.receiver.app import create_app
from cloud.receiver.archive import Archive
from cloud.receiver.request import RequestCheck
from edge.agent.visit_recorder import VisitRecorder
from edge.agent.window_closer import WindowCloser
from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.store import Store
from edge.uplink import ModelIdentity, OutboxWorker, census_event
from edge.uplink.https import HttpsSink
from edge.uplink.secret import read_secrets

pytestmark = pytest.mark.slow

HISTORIES = int(os.environ.get("MAITRED_HISTORIES", "25"))
SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
MODEL = ModelIdentity("mobile", "1.0.0", "0" * 64)
YEAR = 365.25 * 86400
START = 1_790_000_000.0
RAM = "/dev/shm" if Path("/dev/shm").is_dir() else None

BEFORE = ("refused", "request lost", "killed before", "500", "503", "429")
"""Faults with which the endpoint takes nothing."""
AFTER = ("reply lost", "half a reply", "twice", "409", "killed after")
"""Faults after the endpoint has taken everything."""


class Killed(BaseException):
    """The process ends here, without another instruction."""


class Network(BaseAdapter):
    """Carries requests to the receiver's application, and does to them what ``fault`` says, once."""

    def __init__(self, client) -> None:
        super().__init__()
        self.client = client
        self.fault = ""
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request, **_) -> requests.Response:
        fault, self.fault = self.fault, ""
        match fault:
            case "refused":
                raise requests.ConnectionError("connection refused")
            case "request lost":
                raise requests.ReadTimeout("no answer")
            case "killed before":
                raise Killed
            case "500" | "503" | "429":
                return reply(request, int(fault), b"not now", {"Retry-After": "3"})
        self.seen.append(request)
        if fault == "twice":
            self.deliver(request)
        answer = self.deliver(request)
        match fault:
            case "reply lost":
                raise requests.ReadTimeout("no answer")
            case "half a reply":
                raise requests.ConnectionError("connection broken: incomplete read")
            case "killed after":
                raise Killed
            case "409":
                return reply(request, 409, b"known", {})
        return reply(request, answer.status_code, answer.data, {})

    def deliver(self, request: requests.PreparedRequest):
        answer = self.client.post("/events", data=request.body, headers=dict(request.headers))
        assert answer.status_code == 204, answer.data
        return answer

    def close(self) -> None:
        pass


def reply(request, status: int, body: bytes, headers: dict[str, str]) -> requests.Response:
    response = requests.Response()
    response.status_code, response.raw, response.url, response.request = status, io.BytesIO(body), request.url, request
    response.headers.update(headers)
    return response


class ExactlyOnce(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="maitred-model-", dir=RAM))
        secret = self.folder / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.settings = parse_settings(
            {
                "census": {"window_minutes": 60, "min_cell": 1},
                "store": {
                    "path": self.folder / "maitred.db",
                    "keep_outbox_days": 30,
                    "keep_visits_days": 3650,
                    "keep_windows_days": 36500,
                },
                "uplink": {"url": "http://receiver.test/events", "secret_file": secret, "batch": 3},
            },
            "test",
        )
        self.archive = Archive.open(str(self.folder / "census.db"))
        self.network = Network(create_app(RequestCheck(read_secrets(secret)), self.archive).test_client())
        self.now, self.ahead, self.trusted = START, 0.0, True
        self.kill_in_close = False
        self.counted = 0  # visits that are durable
        self.created: dict[str, str] = {}  # body by id, in the order of creation
        self.boot()

    def boot(self) -> None:
        """What the agent does when it starts."""
        self.store = Store.open_repaired(self.settings.store.path, self.wall)
        closer = WindowCloser(self.settings.census, self.event_of)
        self.recorder = VisitRecorder(self.settings.store, self.store, closer)
        sink = HttpsSink(self.settings.uplink)
        sink._endpoint._session.mount("http://", self.network)
        self.worker = OutboxWorker(
            sink, self.settings.store.path, name="https", random=lambda: 0.5, pause=lambda _: None
        )
        self.survive(self.tick)

    def event_of(self, window: Window):
        event = census_event(window, self.settings, MODEL, "synchronised", self.store.outbox.dropped)
        if self.kill_in_close:
            self.kill_in_close = False
            raise Killed
        return event

    def survive(self, work) -> None:
        """Do it; if it is killed, start anew."""
        try:
            work()
        except Killed:
            self.note_durable()
            self.boot()

    def note_durable(self) -> None:
        with sqlite3.connect(self.settings.store.path) as reader:
            self.counted = reader.execute("SELECT count(*) FROM visits").fetchone()[0]
        reader.close()

    @rule(count=st.integers(1, 4), age=st.one_of(st.none(), st.floats(1, 90)))
    def people_leave(self, count: int, age: float | None) -> None:
        interval = None if age is None else (age - 1, age + 1)
        visit = Visit(self.now - 5, self.now, 9, age, interval, None if age is None or age < 13 else 0.8, "in")
        self.recorder.record([visit] * count, self.now)

    @rule(minutes=st.sampled_from([0.1, 1, 20, 59, 60, 61, 200]))
    def time_passes(self, minutes: float) -> None:
        self.now += 60 * minutes
        self.survive(self.tick)

    def tick(self) -> None:
        self.recorder.tick(self.wall, self.now, Traffic(), trusted=self.trusted)

    @property
    def wall(self) -> float:
        """The wall clock; ``now`` is the monotonic one."""
        return self.now + self.ahead

    @rule(ahead=st.sampled_from([-5 * YEAR, -3600.0, 0.0, 1800.0, 5 * YEAR]), trusted=st.booleans())
    def the_clock_is_set(self, ahead: float, trusted: bool) -> None:
        self.ahead, self.trusted = ahead, trusted

    @rule(fault=st.sampled_from(["", "", "", *BEFORE, *AFTER]))
    def something_is_sent(self, fault: str) -> None:
        self.network.fault = fault
        try:
            self.survive(lambda: self.worker.attempt(self.store))
        except sqlite3.OperationalError as error:  # its thread would log it, and try again
            assert "readonly" in str(error)
        self.network.fault = ""

    @rule()
    def the_process_is_killed(self) -> None:
        self.note_durable()
        self.boot()

    @rule()
    def the_next_window_is_cut_off(self) -> None:
        self.kill_in_close = True

    @rule(readonly=st.booleans())
    def the_database_takes_nothing_for_a_while(self, readonly: bool) -> None:
        self.store._connection.execute(f"PRAGMA query_only = {int(readonly)}")

    @precondition(lambda self: self.network.seen)
    @rule(data=st.data())
    def an_old_request_arrives_again(self, data) -> None:
        self.network.deliver(data.draw(st.sampled_from(self.network.seen)))

    @invariant()
    def events_never_change(self) -> None:
        if hasattr(self, "store"):
            for event in self.store.outbox.next(1000):
                assert self.created.setdefault(event.id, event.body) == event.body

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        try:
            self.the_database_takes_nothing_for_a_while(readonly=False)
            self.kill_in_close = False
            waiting = self.recorder.waiting
            self.ahead, self.trusted = 0.0, True
            self.tick()
            self.now += 7200
            self.recorder.tick(self.wall, self.now, Traffic(), last=True)
            self.events_never_change()
            while self.worker.attempt(self.store):
                pass
            self.check(waiting)
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    def check(self, waiting: int) -> None:
        with sqlite3.connect(self.folder / "census.db") as reader:
            arrived = [row[0] for row in reader.execute("SELECT body FROM census_events ORDER BY rowid")]
        reader.close()
        assert arrived == list(self.created.values())
        windows = self.store._connection.execute("SELECT count(*) FROM windows").fetchone()[0]
        assert len(arrived) == windows
        disclosed = sum(json.loads(body)["data"]["visits"] for body in arrived)
        stored = self.store._connection.execute("SELECT count(*), count(window_id) FROM visits").fetchone()
        assert disclosed == stored[0] == stored[1]
        assert stored[0] >= self.counted + waiting
        state = self.store.outbox.state()
        assert (state.queued, state.rejected, state.dropped) == (0, 0, 0)
        assert state.delivered == len(arrived)


ExactlyOnce.TestCase.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=30,
    deadline=None,
    derandomize=HISTORIES <= 25,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestExactlyOnce = ExactlyOnce.TestCase


def test_an_altered_window_is_found_out():
    machine = ExactlyOnce()
    machine.start()
    machine.people_leave(2, 30.0)
    machine.time_passes(61)
    machine.something_is_sent("")
    with sqlite3.connect(machine.folder / "census.db") as writer:
        changed = writer.execute(
            "UPDATE census_events SET body = replace(body, '\"visits\":2', '\"visits\":3')"
        ).rowcount
    writer.close()
    assert changed == 1
    with pytest.raises(AssertionError):
        machine.teardown()


def test_a_lost_window_is_found_out():
    machine = ExactlyOnce()
    machine.start()
    machine.people_leave(2, 30.0)
    machine.time_passes(61)
    machine.events_never_change()
    machine.store._connection.execute("DELETE FROM outbox")
    with pytest.raises(AssertionError):
        machine.teardown()
