"""Several events in one request, compressed, and endpoints that want neither."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from edge.config.uplink import Uplink
from edge.store import Store
from edge.store.outbox import QueuedEvent
from edge.uplink import OutboxWorker
from edge.uplink.endpoint import BATCH, SINGLE, Endpoint
from edge.uplink.https import HttpsSink

OLD, NEW, OTHER = ("whsec_" + base64.b64encode(bytes([number]) * 32).decode() for number in range(3))


@dataclass
class Request:
    headers: dict[str, str]
    wire: bytes
    """The body as it came."""

    @property
    def text(self) -> bytes:
        return gzip.decompress(self.wire) if self.compressed else self.wire

    @property
    def compressed(self) -> bool:
        return self.headers.get("content-encoding") == "gzip"

    @property
    def kind(self) -> str:
        return self.headers["content-type"]

    @property
    def ids(self) -> list[str]:
        document = json.loads(self.text)
        return [event["id"] for event in (document if isinstance(document, list) else [document])]


@dataclass
class Picky:
    """An endpoint that answers by what a request looks like."""

    judge: Callable[[Request], int] = lambda request: 204
    requests: list[Request] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def picky():
    picky = Picky()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wire = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request({name.lower(): value for name, value in self.headers.items()}, wire)
            picky.requests.append(request)
            self.send_response(picky.judge(request))
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    picky.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield picky
    server.shutdown()
    server.server_close()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "uplink.secret"
    path.write_text(NEW)
    path.chmod(0o600)
    return path


def queue(store: Store, count: int, size: int = 0) -> list[str]:
    with store.transaction():
        for number in range(count):
            body = json.dumps({"id": f"e{number}", "note": "é" * size}, ensure_ascii=False)
            store.outbox.add(f"e{number}", body, float(number))
    return [event.body for event in store.outbox.next(count)]


def drain(picky: Picky, secret_file: Path, store: Store, database: Path, **settings) -> list[float]:
    """Send until nothing is queued; returns the pauses."""
    pauses: list[float] = []
    sink = HttpsSink(Uplink(url=picky.url, secret_file=secret_file, **settings))
    worker = OutboxWorker(sink, database, name="https", pause=pauses.append)
    worker.start()
    tick = threading.Event()
    for _ in range(1500):
        if store.outbox.state().queued == 0:
            break
        tick.wait(0.02)
    worker.stop(30)
    assert store.outbox.state().queued == 0
    return pauses


def test_what_waits_goes_out_in_batches_in_order_and_byte_for_byte(picky, secret_file, store, database):
    bodies = queue(store, 7)
    assert drain(picky, secret_file, store, database, batch=3) == []
    assert [request.ids for request in picky.requests] == [["e0", "e1", "e2"], ["e3", "e4", "e5"], ["e6"]]
    assert [request.kind for request in picky.requests] == [BATCH, BATCH, SINGLE]
    assert picky.requests[0].text.decode() == f"[{','.join(bodies[:3])}]"
    assert picky.requests[2].text.decode() == bodies[6]
    assert store.outbox.state().delivered == 7


def test_the_id_of_a_batch_is_that_of_its_events_and_no_others(picky, secret_file):
    endpoint = Endpoint.from_settings(Uplink(url=picky.url, secret_file=secret_file))
    a, b, c = (QueuedEvent(name, f'{{"id":"{name}"}}', 0) for name in "abc")
    for events in ([a, b], [a, b], [a, b, c], [b, a], [a]):
        endpoint.post(events, 1e9)
    ids = [request.headers["webhook-id"] for request in picky.requests]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
    assert ids[4] == "a"


def test_long_requests_are_compressed_and_signed_as_they_were_before(picky, secret_file, store, database):
    (body,) = queue(store, 1, 2000)
    drain(picky, secret_file, store, database)
    (request,) = picky.requests
    assert request.compressed
    assert len(request.wire) < 500
    assert request.text.decode() == body


def verify(request: Request, secret: str) -> None:
    headers = request.headers | {"webhook-timestamp": request.headers["webhook-timestamp"]}
    Webhook(secret).verify(request.text, headers, json_parse=False)


def test_the_signature_is_of_the_text(picky, secret_file, store, database):
    queue(store, 3, 2000)
    drain(picky, secret_file, store, database)
    verify(picky.requests[0], NEW)


def test_compression_can_be_turned_off(picky, secret_file, store, database):
    queue(store, 3, 2000)
    drain(picky, secret_file, store, database, gzip=False)
    assert not any(request.compressed for request in picky.requests)


@pytest.mark.parametrize("status", [400, 401, 415, 422])
def test_an_endpoint_that_refuses_compression_gets_plain_text_at_once(picky, secret_file, store, database, status):
    picky.judge = lambda request: status if request.compressed else 204
    queue(store, 5, 2000)
    assert drain(picky, secret_file, store, database, batch=2) == []
    assert [request.compressed for request in picky.requests] == [True, False, False, False]
    assert store.outbox.dead_letters() == []


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_an_endpoint_that_refuses_batches_gets_events_one_by_one(picky, secret_file, store, database, status):
    picky.judge = lambda request: status if request.kind == BATCH else 204
    queue(store, 4)
    assert drain(picky, secret_file, store, database, batch=4) == []
    assert [request.ids for request in picky.requests if request.kind == SINGLE] == [["e0"], ["e1"], ["e2"], ["e3"]]
    assert (store.outbox.state().delivered, store.outbox.state().rejected) == (4, 0)


def test_415_ends_batches_for_good(picky, secret_file, store, database):
    picky.judge = lambda request: 415 if request.kind == BATCH else 204
    queue(store, 9)
    drain(picky, secret_file, store, database, batch=3)
    assert [request.kind for request in picky.requests] == [BATCH, *[SINGLE] * 9]


def test_one_bad_event_of_a_batch_is_found_and_the_others_are_delivered(picky, secret_file, store, database):
    picky.judge = lambda request: 422 if "e2" in request.ids else 204
    queue(store, 8)
    drain(picky, secret_file, store, database, batch=4)
    assert [letter.id for letter in store.outbox.dead_letters()] == ["e2"]
    assert store.outbox.state().delivered == 7
    assert picky.requests[-1].ids == ["e4", "e5", "e6", "e7"]


def test_a_batch_that_failed_is_sent_again_whole(picky, secret_file, store, database):
    answers = iter([500, 503])
    picky.judge = lambda request: next(answers, 204)
    queue(store, 4)
    assert len(drain(picky, secret_file, store, database)) == 2
    assert [request.ids for request in picky.requests] == [["e0", "e1", "e2", "e3"]] * 3
    assert len({request.headers["webhook-id"] for request in picky.requests}) == 1


@pytest.mark.parametrize("known", [OLD, NEW])
def test_while_a_secret_is_changed_the_endpoint_may_know_either(picky, secret_file, store, database, known):
    secret_file.write_text(f"{NEW}\n{OLD}\n")
    queue(store, 1)
    drain(picky, secret_file, store, database)
    verify(picky.requests[0], known)
    with pytest.raises(Exception, match="No matching signature"):
        verify(picky.requests[0], OTHER)


@pytest.mark.slow
def test_the_windows_of_three_days_without_an_answer_arrive_whole_and_in_order(picky, secret_file, store, database):
    """Seventy-two hours by the worker's clock, which only its pauses move; a window closes each of its hours."""
    hours, now, pauses = 72, [0.0], []
    picky.judge = lambda request: 503 if now[0] < 3600 * hours else 204

    def close_windows(before: float) -> None:
        for hour in range(int(before // 3600), min(hours, int(now[0] // 3600))):
            store.outbox.add(f"h{hour}", f'{{"id":"h{hour}"}}', 3600.0 * (hour + 1))

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        before, now[0] = now[0], now[0] + seconds
        close_windows(before)

    now[0] = 3600.0
    close_windows(0.0)
    uplink = Uplink(url=picky.url, secret_file=secret_file, batch=50)
    worker = OutboxWorker(
        HttpsSink(uplink), database, name="https", random=lambda: 1.0, clock=lambda: now[0], pause=pause
    )
    while worker.attempt(store):
        pass
    state = store.outbox.state()
    assert (state.delivered, state.queued, state.dropped, state.rejected) == (hours, 0, 0, 0)
    assert max(pauses) == 900
    first, second = picky.requests[-2:]
    assert first.ids + second.ids == [f"h{hour}" for hour in range(hours)]
