"""What the receiver takes, what it refuses and how it says so."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from cloud.receiver.app import create_app
from cloud.receiver.archive import Archive, Unavailable
from cloud.receiver.request import MOST_BYTES, RequestCheck
from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.uplink import ModelIdentity, census_event
from edge.uplink.endpoint import BATCH, SINGLE
from edge.uplink.secret import read_secrets

SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
OTHER = "whsec_" + "YW5vdGhlciBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
STRANGER = "whsec_" + "YSBzZWNyZXQgdGhhdCBub2JvZHkgaGVyZSBrbm93cw=="


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n{OTHER}\n")
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Signed:
    """Headers and body of a request."""

    headers: dict[str, str]
    data: bytes


def event(hour: int = 0) -> tuple[str, str]:
    """Id and body of a real event."""
    window = Window(3600.0 * hour, 3600.0 * (hour + 1), {("25-34", "female"): 7}, traffic=Traffic(9, 1))
    return census_event(window, parse_settings({}, "test"), ModelIdentity("mobile", "1.0.0", "0" * 64))


def sign(
    body: str, message_id: str, secret: str = SECRET, age_s: float = 0.0, kind: str = SINGLE, *, zipped: bool = False
) -> Signed:
    moment = datetime.fromtimestamp(int(time.time() - age_s), UTC)
    headers = {
        "content-type": kind,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, body),
    }
    if zipped:
        return Signed({**headers, "content-encoding": "gzip"}, gzip.compress(body.encode()))
    return Signed(headers, body.encode())


def single(**more: Any) -> Signed:
    event_id, body = event()
    return sign(body, event_id, **more)


def altered(change: Callable[[dict[str, Any]], object]) -> Signed:
    """A signed event with ``change`` applied to its document."""
    event_id, body = event()
    document = json.loads(body)
    change(document)
    return sign(json.dumps(document), event_id)


def batch(bodies: list[str], **more: Any) -> Signed:
    return sign(f"[{','.join(bodies)}]", str(uuid.uuid4()), kind=BATCH, **more)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive.open(str(tmp_path / "census.db"))
    yield archive
    archive._forget()


@pytest.fixture
def client(archive: Archive, secret_file: Path) -> FlaskClient:
    return create_app(RequestCheck(read_secrets(secret_file)), archive).test_client()


def post(client: FlaskClient, request: Signed):
    return client.post("/events", headers=request.headers, data=request.data)


def refusal(client: FlaskClient, request: Signed) -> tuple[int, str]:
    answer = post(client, request)
    assert "Traceback" not in answer.text
    return answer.status_code, answer.json["error"]


def test_an_event_is_stored_once_and_as_it_was_sent(client: FlaskClient, archive: Archive):
    event_id, body = event()
    for _ in range(3):
        answer = post(client, sign(body, event_id))
        assert (answer.status_code, answer.data) == (204, b"")
    assert archive.bodies() == [body]
    assert client.get("/healthz").json == {"status": "ok", "events": 1}


@pytest.mark.parametrize("zipped", [False, True])
def test_a_batch_is_stored_event_by_event_and_as_each_was_made(client: FlaskClient, archive: Archive, zipped: bool):
    bodies = [event(hour)[1] for hour in range(20)]
    assert post(client, batch(bodies[:12], zipped=zipped)).status_code == 204
    assert post(client, batch(bodies[8:], zipped=zipped)).status_code == 204
    assert archive.bodies() == bodies


def test_the_same_id_of_another_device_is_another_event(client: FlaskClient, archive: Archive):
    event_id, body = event()
    post(client, sign(body, event_id))
    assert post(client, sign(body.replace("restaurant/door", "restaurant/back"), event_id)).status_code == 204
    assert archive.count() == 2


def test_an_event_that_came_before_with_other_content_is_refused(client: FlaskClient, archive: Archive):
    event_id, body = event()
    post(client, sign(body, event_id))
    status, reason = refusal(client, sign(body.replace('"processed":9', '"processed":10'), event_id))
    assert (status, reason) == (422, f"{event_id} was received before with other content")
    assert archive.bodies() == [body]


def test_of_a_batch_with_a_bad_event_nothing_is_stored(client: FlaskClient, archive: Archive):
    bodies = [event(0)[1], event(1)[1].replace('"visits":7', '"visits":-7')]
    status, reason = refusal(client, batch(bodies))
    assert status == 422
    assert "visits" in reason
    assert archive.count() == 0


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_any_of_the_secrets_may_have_signed(client: FlaskClient, secret: str):
    assert post(client, single(secret=secret)).status_code == 204


def test_one_of_several_signatures_is_enough(client: FlaskClient):
    event_id, body = event()
    ours, theirs = sign(body, event_id), sign(body, event_id, STRANGER)
    both = f"{theirs.headers['webhook-signature']} {ours.headers['webhook-signature']}"
    assert post(client, Signed({**ours.headers, "webhook-signature": both}, ours.data)).status_code == 204


def without(name: str) -> Signed:
    request = single()
    return Signed({key: value for key, value in request.headers.items() if key != name}, request.data)


def with_header(name: str, value: str) -> Signed:
    request = single()
    return Signed({**request.headers, name: value}, request.data)


@pytest.mark.parametrize(
    ("request_of", "told"),
    [
        pytest.param(lambda: single(secret=STRANGER), "No matching signature", id="unknown secret"),
        pytest.param(lambda: single(age_s=400), "too old", id="old"),
        pytest.param(lambda: single(age_s=-400), "too new", id="from the future"),
        pytest.param(lambda: without("webhook-id"), "Missing required headers", id="no id"),
        pytest.param(lambda: without("webhook-timestamp"), "Missing required headers", id="no time"),
        pytest.param(lambda: without("webhook-signature"), "Missing required headers", id="no signature"),
        pytest.param(lambda: with_header("webhook-id", "another"), "No matching signature", id="another id"),
        pytest.param(lambda: with_header("webhook-timestamp", "soon"), "Invalid", id="no number"),
        pytest.param(lambda: with_header("webhook-timestamp", "1e300"), "", id="a huge time"),
        pytest.param(lambda: with_header("webhook-timestamp", "nan"), "", id="no time at all"),
        pytest.param(lambda: with_header("webhook-signature", "nonsense"), "malformed", id="no signature at all"),
        pytest.param(lambda: with_header("webhook-signature", "v1,%%%"), "", id="no base64"),
        pytest.param(lambda: Signed(single().headers, b'{"visits":1}'), "No matching signature", id="another body"),
        pytest.param(lambda: Signed(single().headers, b"\xff\xfe"), "malformed", id="no text"),
    ],
)
def test_what_is_not_signed_here_and_now_is_refused(client: FlaskClient, archive: Archive, request_of, told: str):
    status, reason = refusal(client, request_of())
    assert status == 401
    assert told in reason
    assert archive.count() == 0
    assert SECRET.removeprefix("whsec_") not in reason


@pytest.mark.parametrize(
    ("request_of", "status", "told"),
    [
        pytest.param(lambda: sign("{", "x"), 400, "not JSON", id="no JSON"),
        pytest.param(lambda: sign('{"a":NaN}', "x"), 400, "NaN", id="not a number"),
        pytest.param(lambda: sign("[" * 100_000, "x"), 400, "not JSON", id="deep"),
        pytest.param(lambda: sign("{}", "x", kind=BATCH), 400, "takes a JSON array", id="no batch"),
        pytest.param(lambda: sign("[]", "x"), 422, "not an event", id="a batch as an event"),
        pytest.param(lambda: sign("null", "x"), 422, "not an event", id="null"),
        pytest.param(lambda: single(kind="application/json"), 415, "application/json; expected", id="another type"),
        pytest.param(lambda: with_header("content-encoding", "br"), 415, "br; expected gzip", id="another coding"),
        pytest.param(lambda: with_header("content-encoding", "gzip"), 400, "not in gzip format", id="not zipped"),
        pytest.param(lambda: altered(lambda e: e.pop("data")), 422, '"data" is a required', id="no data"),
        pytest.param(lambda: altered(lambda e: e.update(type="x")), 422, "$.type", id="another kind of event"),
        pytest.param(lambda: altered(lambda e: e.update(time="2026-13-41T00:00:00.000Z")), 422, "$.time", id="no date"),
        pytest.param(lambda: altered(lambda e: e["data"].update(visits="7")), 422, "$.data.visits", id="text"),
        pytest.param(lambda: sign(event()[1], "another"), 422, "webhook-id is not the id", id="another id"),
    ],
)
def test_what_is_signed_but_not_as_published_is_refused_with_the_reason(
    client: FlaskClient, archive: Archive, request_of, status: int, told: str
):
    found, reason = refusal(client, request_of())
    assert found == status
    assert told in reason
    assert archive.count() == 0


def test_a_cut_off_gzip_body_is_refused(client: FlaskClient):
    request = single(zipped=True)
    assert refusal(client, Signed(request.headers, request.data[:-12])) == (400, "the gzip data is cut off")


def test_a_bomb_is_not_unpacked(client: FlaskClient):
    data = gzip.compress(b" " * (3 * MOST_BYTES))
    assert len(data) < MOST_BYTES
    status, reason = refusal(client, Signed({**single().headers, "content-encoding": "gzip"}, data))
    assert status == 413
    assert str(MOST_BYTES) in reason


def test_other_addresses_and_methods_are_named(client: FlaskClient):
    assert client.get("/events").status_code == 405
    assert client.post("/").status_code == 404
    assert "POST /events" in client.post("/").json["error"]


def test_an_unusable_database_is_told_and_the_device_asked_to_wait(client: FlaskClient, tmp_path: Path):
    with sqlite3.connect(tmp_path / "census.db") as other:
        other.execute("ALTER TABLE census_events RENAME TO away")
    answer = post(client, single())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json == {"error": "the database is not available"}
    with other:
        other.execute("ALTER TABLE away RENAME TO census_events")
    other.close()
    assert post(client, single()).status_code == 204


def test_members_that_come_later_are_taken(client: FlaskClient):
    assert post(client, altered(lambda e: e["data"].update(weather="fair"))).status_code == 204


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path):
    (tmp_path / "census.db").write_bytes(b"no database" * 100)
    with pytest.raises(Unavailable, match=r"census\.db: cannot use the database"):
        Archive.open(str(tmp_path / "census.db"))


def test_the_schema_of_the_receiver_is_the_published_one():
    docs = Path(__file__).resolve().parents[2] / "docs" / "schema" / "census-window-v1.json"
    from importlib import resources

    assert resources.files("cloud.receiver").joinpath(docs.name).read_bytes() == docs.read_bytes()


def test_anyone_can_read_the_table(client: FlaskClient, tmp_path: Path):
    post(client, single())
    with sqlite3.connect(tmp_path / "census.db") as database:
        ((source, visits),) = database.execute(
            "SELECT source, json_extract(body, '$.data.visits') FROM census_events"
        ).fetchall()
    database.close()
    assert (source, visits) == ("maitred/restaurant/door", 7)
