"""The outbox is emptied into an HTTP endpoint: a real server that verifies every signature, and a real database."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from edge.config import parse_settings
from edge.config.uplink import Uplink
from edge.errors import BadInput
from edge.store import Store, StoreError
from edge.uplink import OutboxWorker, UplinkWorkers, outbox_worker
from edge.uplink.endpoint import Endpoint
from edge.uplink.https import HttpsSink
from tests.waiting import free_port, until

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
PATIENCE_S = 30.0
"""How long a test waits for what must happen before it fails; no test waits for nothing to happen."""

Answer = tuple[int, dict[str, str]]


@dataclass
class Cloud:
    """An endpoint: verifies and notes each request, then answers as scripted, 204 when the script is over."""

    script: deque[Answer | None] = field(default_factory=deque)
    """Answers to come; None closes the connection without one."""
    bodies: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    forged: int = 0
    paths: list[str] = field(default_factory=list)
    url: str = ""
    hold: threading.Event = field(default_factory=threading.Event)
    """Requests wait for it before they are answered."""
    because: str = "because I say so"
    """Said with a refusal; may hold the request's path and headers."""

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers in self.headers]


def serve(cloud: Cloud, port: int = 0) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                Webhook(SECRET).verify(body, headers, json_parse=False)
            except WebhookVerificationError:
                cloud.forged += 1
            cloud.bodies.append(body.decode())
            cloud.headers.append(headers)
            cloud.paths.append(self.path)
            answer = cloud.script.popleft() if cloud.script else (204, {})
            cloud.hold.wait(PATIENCE_S)
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer[0])
            for name, value in answer[1].items():
                self.send_header(name, value)
            self.end_headers()
            if answer[0] >= 400:
                self.wfile.write(cloud.because.format(path=self.path, **headers).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    cloud.url = f"http://127.0.0.1:{server.server_port}/events"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def cloud():
    cloud = Cloud()
    cloud.hold.set()
    server = serve(cloud)
    yield cloud
    cloud.hold.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "uplink.secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


class Pauses:
    """Stands in for waiting: notes the seconds, and returns at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def worker(cloud: Cloud, secret_file: Path, database: Path, pauses: Pauses):
    """Not started; stopped in the end."""
    uplink = Uplink(url=cloud.url, secret_file=secret_file, max_backoff_s=60, batch=1)
    worker = worker_for(uplink, database, random=lambda: 0.5, pause=pauses)
    yield worker
    cloud.hold.set()
    worker.stop(PATIENCE_S)


def worker_for(uplink: Uplink, database: Path, *, time_is_known=lambda: True, **more) -> OutboxWorker:
    return OutboxWorker(HttpsSink(uplink, time_is_known), database, name="https", **more)


def queue(store: Store, *ids: str) -> None:
    for number, event_id in enumerate(ids):
        store.outbox.add(event_id, json.dumps({"id": event_id, "note": "é"}, ensure_ascii=False), 1000.0 + number)


def settled(store: Store) -> bool:
    return store.outbox.state().queued == 0


def reasons(store: Store) -> dict[str, str]:
    return {letter.id: letter.reason for letter in store.outbox.dead_letters()}


def test_events_arrive_signed_in_order_and_byte_for_byte(cloud: Cloud, worker: OutboxWorker, store: Store):
    queue(store, "a", "b", "c")
    bodies = [event.body for event in store.outbox.next(9)]
    worker.start()
    until(lambda: settled(store))
    assert cloud.bodies == bodies
    assert cloud.ids == ["a", "b", "c"]
    assert cloud.forged == 0
    assert store.outbox.state().delivered == 3


def test_a_request_has_the_headers_that_are_documented_and_no_secret(cloud: Cloud, worker: OutboxWorker, store: Store):
    queue(store, "a")
    worker.start()
    until(lambda: settled(store))
    (headers,) = cloud.headers
    assert headers["content-type"] == "application/cloudevents+json"
    assert {name for name in headers if name.startswith("webhook-")} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    assert SECRET.removeprefix("whsec_") not in json.dumps(headers)


def test_while_the_time_is_not_known_nothing_is_signed_and_nothing_lost(
    cloud: Cloud, secret_file: Path, database: Path, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outbox_worker, "READY_S", 0.02)
    asked: list[bool] = []
    known = threading.Event()

    def time_is_known() -> bool:
        asked.append(known.is_set())
        return known.is_set()

    worker = worker_for(Uplink(url=cloud.url, secret_file=secret_file), database, time_is_known=time_is_known)
    queue(store, "a")
    worker.start()
    until(lambda: len(asked) > 5)
    assert not cloud.bodies
    known.set()
    until(lambda: settled(store))
    worker.stop(PATIENCE_S)
    assert cloud.ids == ["a"]


def test_an_event_that_is_queued_later_is_sent_when_woken(cloud: Cloud, worker: OutboxWorker, store: Store):
    worker.start()
    until(lambda: worker.state == "idle")
    queue(store, "a")
    worker.wake()
    until(lambda: settled(store))
    assert cloud.ids == ["a"]


@pytest.mark.parametrize("status", [200, 202, 204, 409])
def test_an_acknowledged_event_is_not_sent_again(cloud: Cloud, worker: OutboxWorker, store: Store, status: int):
    cloud.script.append((status, {}))
    queue(store, "a", "b")
    worker.start()
    until(lambda: settled(store))
    assert cloud.ids == ["a", "b"]
    assert store.outbox.state().delivered == 2


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_rejected_event_is_kept_and_counted_and_the_next_one_sent(
    cloud: Cloud, worker: OutboxWorker, store: Store, status: int
):
    cloud.script.append((status, {}))
    queue(store, "a", "b")
    worker.start()
    until(lambda: settled(store))
    assert cloud.ids == ["a", "b"]
    assert reasons(store) == {"a": f"HTTP {status}: because I say so"}
    assert (store.outbox.state().rejected, store.outbox.state().delivered) == (1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        *[pytest.param((status, {}), id=str(status)) for status in (401, 403, 404, 408, 425, 429, 500, 502, 503, 504)],
        pytest.param((302, {"Location": "/elsewhere"}), id="redirect"),
        pytest.param(None, id="connection closed"),
    ],
)
def test_a_failed_attempt_is_repeated_with_the_same_id_and_body_before_any_other(
    cloud: Cloud, worker: OutboxWorker, store: Store, pauses: Pauses, answer: Answer | None
):
    cloud.script.extend([answer, answer, answer])
    queue(store, "a", "b")
    worker.start()
    until(lambda: settled(store))
    assert cloud.ids == ["a", "a", "a", "a", "b"]
    assert len(set(cloud.bodies[:4])) == 1
    assert cloud.forged == 0
    assert pauses.seconds == [0.5, 1, 2]
    assert store.outbox.state().delivered == 2


def test_each_attempt_is_signed_anew(cloud: Cloud, secret_file: Path, database: Path, store: Store):
    moments = iter(range(1_790_000_000, 1_790_100_000, 1000))
    cloud.script.append((500, {}))
    queue(store, "a")
    uplink = Uplink(url=cloud.url, secret_file=secret_file)
    worker = worker_for(uplink, database, clock=lambda: float(next(moments)), pause=Pauses())
    worker.start()
    until(lambda: settled(store))
    worker.stop(PATIENCE_S)
    first, second = cloud.headers
    assert int(first["webhook-timestamp"]) < int(second["webhook-timestamp"])
    assert first["webhook-signature"] != second["webhook-signature"]


def test_a_redirect_is_not_followed_and_is_named(cloud: Cloud, worker: OutboxWorker, store: Store, caplog):
    cloud.script.append((307, {"Location": "https://example.com/moved"}))
    queue(store, "a")
    with caplog.at_level(logging.WARNING):
        worker.start()
        until(lambda: settled(store))
    assert cloud.paths == ["/events", "/events"]
    assert "HTTP 307 redirects to https://example.com/moved" in caplog.text


@pytest.mark.parametrize(
    ("asked", "pause"),
    [pytest.param("20", 20.5, id="seconds"), pytest.param("86400", 60, id="more than the longest pause")],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_and_bounded(
    cloud: Cloud, worker: OutboxWorker, store: Store, pauses: Pauses, status: int, asked: str, pause: float
):
    cloud.script.append((status, {"Retry-After": asked}))
    queue(store, "a")
    worker.start()
    until(lambda: settled(store))
    assert pauses.seconds == [pause]


def test_pauses_are_short_again_after_a_delivery(cloud: Cloud, worker: OutboxWorker, store: Store, pauses: Pauses):
    cloud.script.extend([(500, {}), (500, {}), (204, {}), (500, {})])
    queue(store, "a", "b")
    worker.start()
    until(lambda: settled(store))
    assert pauses.seconds == [0.5, 1, 0.5]


def test_gone_stops_sending_and_keeps_everything(cloud: Cloud, worker: OutboxWorker, store: Store, caplog):
    cloud.script.append((410, {}))
    queue(store, "a", "b")
    worker.start()
    until(lambda: worker.state == "stopped")
    worker.wake()
    worker.stop(PATIENCE_S)
    assert worker.state == "stopped"
    assert cloud.ids == ["a"]
    assert [event.id for event in store.outbox.next(9)] == ["a", "b"]
    assert "sending stops until restart" in caplog.text


def test_after_a_restart_a_stopped_worker_tries_again(cloud: Cloud, worker: OutboxWorker, secret_file, database, store):
    cloud.script.append((410, {}))
    queue(store, "a")
    worker.start()
    until(lambda: worker.state == "stopped")
    again = worker_for(Uplink(url=cloud.url, secret_file=secret_file), database, pause=Pauses())
    again.start()
    until(lambda: settled(store))
    again.stop(PATIENCE_S)
    assert cloud.ids == ["a", "a"]


def test_an_endpoint_that_is_away_for_a_while_gets_everything_when_it_is_back(secret_file, database, store):
    port = free_port()
    cloud, servers, pauses = Cloud(), [], Pauses()
    cloud.hold.set()

    def pause(seconds: float) -> None:
        pauses(seconds)
        if len(pauses.seconds) == 3:
            servers.append(serve(cloud, port))

    queue(store, "a", "b")
    uplink = Uplink(url=f"http://127.0.0.1:{port}/", secret_file=secret_file, batch=1)
    worker = worker_for(uplink, database, pause=pause)
    worker.start()
    until(lambda: settled(store))
    worker.stop(PATIENCE_S)
    servers[0].shutdown()
    servers[0].server_close()
    assert cloud.ids == ["a", "b"]
    assert len(pauses.seconds) == 3


def test_the_state_shows_what_the_worker_does(cloud: Cloud, secret_file: Path, database: Path, store: Store):
    entered, go_on = threading.Event(), threading.Event()

    def pause(seconds: float) -> None:
        entered.set()
        go_on.wait(PATIENCE_S)

    worker = worker_for(Uplink(url=cloud.url, secret_file=secret_file), database, pause=pause)
    assert worker.state == "off"
    cloud.hold.clear()
    cloud.script.append((500, {}))
    queue(store, "a")
    worker.start()
    until(lambda: cloud.ids == ["a"])
    assert worker.state == "sending"
    cloud.hold.set()
    assert entered.wait(PATIENCE_S)
    assert worker.state == "retrying"
    assert store.outbox.state().last_error == "HTTP 500: because I say so"
    go_on.set()
    until(lambda: worker.state == "idle")
    worker.stop(PATIENCE_S)
    assert worker.state == "off"


def test_stopping_ends_the_longest_pause(cloud: Cloud, secret_file: Path, database: Path, store: Store):
    cloud.script.append((503, {"Retry-After": "86400"}))
    queue(store, "a")
    worker = worker_for(Uplink(url=cloud.url, secret_file=secret_file, max_backoff_s=86400), database)
    worker.start()
    until(lambda: worker.state == "retrying")
    worker.stop(PATIENCE_S)
    assert not worker._thread.is_alive()
    assert worker.state == "off"
    assert [event.id for event in store.outbox.next()] == ["a"]


def test_stopping_does_not_wait_for_a_request_in_flight(cloud: Cloud, worker: OutboxWorker, store: Store):
    cloud.hold.clear()
    queue(store, "a")
    worker.start()
    until(lambda: cloud.ids == ["a"])
    worker.stop(0.0)
    assert worker._thread.is_alive()
    assert worker._thread.daemon


def test_without_an_endpoint_nothing_is_started(database: Path, store: Store):
    queue(store, "a")
    workers = UplinkWorkers(parse_settings({"store": {"path": str(database)}}, "test"), "mobile 1.0.0")
    workers.start()
    workers.wake()
    workers.stop()
    assert workers.state == "off"
    assert [event.id for event in store.outbox.next()] == ["a"]


def test_an_unusable_secret_is_refused_before_anything_starts(cloud: Cloud, secret_file: Path, database: Path):
    secret_file.chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        worker_for(Uplink(url=cloud.url, secret_file=secret_file), database)


def test_the_secret_is_in_no_message(cloud: Cloud, worker: OutboxWorker, store: Store, caplog):
    cloud.script.extend([(500, {}), None, (302, {}), (422, {}), (410, {})])
    queue(store, "a", "b")
    with caplog.at_level(logging.DEBUG):
        worker.start()
        until(lambda: worker.state == "stopped")
    assert len(caplog.records) >= 5
    assert SECRET.removeprefix("whsec_") not in caplog.text
    assert "thirty-two bytes" not in caplog.text


def test_credentials_in_the_address_are_used_and_in_no_message(
    cloud: Cloud, secret_file: Path, database: Path, store: Store, pauses: Pauses, caplog
):
    cloud.because = "no way to {path} for geheim-1 with geheim-2"
    cloud.script.extend([
        (500, {}), None, (302, {"Location": f"{cloud.url}?token=geheim-2"}), (302, {"Location": "/to?token=geheim-2"}),
        (422, {}), (410, {}),
    ])  # fmt: skip
    url = cloud.url.replace("://", "://door:geheim-1@") + "?token=geheim-2"
    queue(store, "a", "b")
    with caplog.at_level(logging.DEBUG, logger="edge"):
        worker = worker_for(Uplink(url=url, secret_file=secret_file, batch=1), database, pause=pauses)
        worker.start()
        until(lambda: worker.state == "stopped")
        worker.stop(PATIENCE_S)

    assert set(cloud.paths) == {"/events?token=geheim-2"}
    basic = "Basic " + base64.b64encode(b"door:geheim-1").decode()
    assert {headers["authorization"] for headers in cloud.headers} == {basic}
    kept = [*reasons(store).values(), *(letter.reason for letter in store.outbox.dead_letters(9))]
    assert any("no way to /events?*** for *** with ***" in reason for reason in kept)
    for expected in ("HTTP 500: no way to /events?***", f"redirects to {cloud.url}?***;", "redirects to /to?***;"):
        assert expected in caplog.text
    assert "geheim" not in caplog.text + "".join(kept)


def test_a_database_error_is_logged_and_the_sending_goes_on(
    cloud: Cloud, worker: OutboxWorker, store: Store, pauses: Pauses, caplog, monkeypatch
):
    opened = []

    def open_later(path: Path) -> Store:
        opened.append(path)
        if len(opened) < 3:
            raise StoreError(f"{path}: cannot use the database: database is locked")
        return original(path)

    original = Store.open
    monkeypatch.setattr("edge.uplink.outbox_worker.Store.open", open_later)
    queue(store, "a")
    worker.start()
    until(lambda: settled(store))
    assert cloud.ids == ["a"]
    assert pauses.seconds == [0.5, 1]
    assert caplog.text.count("database is locked") >= 2


def test_an_event_whose_acknowledgement_could_not_be_stored_is_sent_again(
    cloud: Cloud, worker: OutboxWorker, store: Store, database: Path
):
    store._connection.execute(
        "CREATE TRIGGER once BEFORE DELETE ON outbox WHEN (SELECT count(*) FROM facts WHERE name = 'healed') = 0"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    queue(store, "a")
    worker.start()
    until(lambda: len(cloud.ids) >= 2)
    store._connection.execute("INSERT INTO facts (name, at, value) VALUES ('healed', 0, '')")
    until(lambda: settled(store))
    assert set(cloud.ids) == {"a"}
    assert len(set(cloud.bodies)) == 1


def test_a_time_out_is_retried_and_named(cloud: Cloud, secret_file: Path, database: Path, store: Store, caplog):
    cloud.hold.clear()
    queue(store, "a")

    def pause(seconds: float) -> None:
        cloud.hold.set()

    worker = worker_for(Uplink(url=cloud.url, secret_file=secret_file, timeout_s=1), database, pause=pause)
    worker.start()
    until(lambda: settled(store))
    worker.stop(PATIENCE_S)
    assert cloud.ids == ["a", "a"]
    assert "no answer within 1 s" in caplog.text


def reason_of(url: str, secret_file: Path, store: Store, **more) -> str:
    queue(store, "a")
    return (
        Endpoint.from_settings(Uplink(url=url, secret_file=secret_file, **more)).post(store.outbox.next(), 1e9).reason
    )


def test_a_refused_connection_is_named_without_the_path(secret_file: Path, store: Store):
    reason = reason_of(f"http://127.0.0.1:{free_port()}/token-in-the-path", secret_file, store)
    assert "refused" in reason
    assert "token" not in reason


def test_an_unknown_host_is_named_and_tried_again(secret_file: Path, store: Store):
    assert "cannot" in reason_of("https://nowhere.invalid/events", secret_file, store)


@pytest.fixture
def tls_cloud(tmp_path: Path):
    """An endpoint with a certificate that vouches for itself, and that certificate's file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    cloud = Cloud()
    cloud.hold.set()
    server = serve(cloud)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    cloud.url = cloud.url.replace("http:", "https:")
    yield cloud, certificate
    server.shutdown()
    server.server_close()


def test_a_certificate_of_an_unknown_authority_is_refused(tls_cloud, secret_file: Path, store: Store):
    cloud, _ = tls_cloud
    assert "CERTIFICATE_VERIFY_FAILED" in reason_of(cloud.url, secret_file, store)
    assert cloud.bodies == []


def test_an_authority_of_ones_own_is_trusted(tls_cloud, secret_file: Path, store: Store, monkeypatch):
    cloud, certificate = tls_cloud
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secret_file))  # the environment does not stand above the settings
    assert reason_of(cloud.url, secret_file, store, ca_file=certificate) == ""
    assert cloud.ids == ["a"]


def test_a_certificate_for_another_host_is_refused(tls_cloud, secret_file: Path, store: Store):
    cloud, certificate = tls_cloud
    url = cloud.url.replace("127.0.0.1", "localhost")
    assert "CERTIFICATE_VERIFY_FAILED" in reason_of(url, secret_file, store, ca_file=certificate)


def test_a_missing_authority_is_refused_at_once(cloud: Cloud, secret_file: Path, database: Path, tmp_path):
    with pytest.raises(BadInput, match=r"nowhere\.pem: no such file; \[uplink\] ca_file"):
        worker_for(Uplink(url=cloud.url, secret_file=secret_file, ca_file=tmp_path / "nowhere.pem"), database)


def test_counts_that_would_travel_in_the_clear_are_warned_about(
    cloud: Cloud, secret_file: Path, database: Path, caplog
):
    worker_for(Uplink(url=cloud.url, secret_file=secret_file), database)
    assert "not https" in caplog.text
