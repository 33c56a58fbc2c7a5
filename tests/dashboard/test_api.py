"""The addresses for programs."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic
from edge.config import Settings
from edge.dashboard import create_app
from edge.store import Store

from .conftest import NOON, a_heartbeat, a_visit, metrics_of, paris


def test_today_holds_counts_hours_and_bands(client: FlaskClient, lunch: Store):
    day = client.get("/api/v1/today").json["day"]

    assert (day["date"], day["visits"], day["mean_age"], day["female"], day["male"]) == ("2026-05-12", 5, 29.0, 2, 1)
    assert {hour["label"]: hour["visits"] for hour in day["hours"] if hour["visits"]} == {"09:00": 1, "11:00": 4}
    assert len(day["hours"]) == 24
    assert day["peak"] == {"start": paris("2026-05-12 11:00"), "end": NOON, "label": "11:00", "visits": 4}
    assert sum(row["female"] + row["male"] + row["unknown"] for row in day["bands"]) == 5


def test_today_of_an_empty_database_is_null_where_nothing_is_known(client: FlaskClient):
    answer = client.get("/api/v1/today").json

    assert (answer["day"]["visits"], answer["day"]["mean_age"], answer["day"]["peak"]) == (0, None, None)
    assert answer["health"]["heartbeat"] is None


def test_visits_are_the_newest_first(client: FlaskClient, lunch: Store):
    visits = client.get("/api/v1/visits?limit=3").json["visits"]

    assert [visit["age"] for visit in visits] == [29.0, None, 8.0]
    assert visits[0] == {
        "id": 6, "started_at": paris("2026-05-12 11:59") - 6, "ended_at": paris("2026-05-12 11:59"),
        "observations": 12, "age": 29.0, "age_interval": [23.0, 36.0], "female_probability": 0.8, "direction": None,
        "zone_s": None, "dwell_s": 6.0, "gender": "female",
    }  # fmt: skip


def test_history_is_one_summary_a_day(client: FlaskClient, lunch: Store):
    days = client.get("/api/v1/history?days=3").json["days"]

    assert [(day["date"], day["visits"]) for day in days] == [("2026-05-10", 0), ("2026-05-11", 1), ("2026-05-12", 5)]


@pytest.mark.parametrize(
    ("heartbeat", "status", "reason"),
    [
        pytest.param(a_heartbeat(NOON - 29), 200, None, id="running"),
        pytest.param(a_heartbeat(NOON, camera="ended"), 200, None, id="recording-over"),
        pytest.param(a_heartbeat(NOON - 30), 503, "last heartbeat", id="stale"),
        pytest.param(a_heartbeat(NOON, camera="opening"), 503, "camera opening", id="camera-opening"),
        pytest.param(a_heartbeat(NOON, camera="failed", camera_error="no device"), 503, "no device", id="failed"),
        pytest.param(None, 503, "not run yet", id="never-ran"),
    ],
)  # fmt: skip
def test_healthz(client: FlaskClient, store: Store, heartbeat, status: int, reason: str | None):
    if heartbeat is not None:
        store.heartbeat.write(heartbeat)

    answer = client.get("/healthz")

    assert answer.status_code == status
    assert answer.json["status"] == ("ok" if status == 200 else "failing")
    assert reason is None or reason in answer.json["reasons"][0]
    assert client.get("/api/v1/health").json["reasons"] == answer.json["reasons"]


@pytest.mark.parametrize("address", ["/api/v1/health", "/api/v1/today", "/healthz", "/metrics", "/device", "/"])
def test_no_answer_holds_a_password(client: FlaskClient, store: Store, address: str):
    failed = a_heartbeat(NOON, camera="failed", camera_error="cannot open rtsp://admin:hunter2@camera.local/door")
    store.heartbeat.write(failed)
    store.outbox.add("1", "{}", NOON)
    store.outbox.mark_failed("1", "https://token:hunter2@census.example/: 401")

    assert "hunter2" not in client.get(address).text


@pytest.mark.parametrize(
    ("address", "name"),
    [
        pytest.param("/api/v1/visits?limit=0", "limit", id="limit-too-small"),
        pytest.param("/api/v1/visits?limit=1001", "limit", id="limit-too-large"),
        pytest.param("/api/v1/visits?limit=ten", "limit", id="limit-a-word"),
        pytest.param("/api/v1/visits?limit=", "limit", id="limit-empty"),
        pytest.param("/api/v1/visits?limit=1e2", "limit", id="limit-a-float"),
        pytest.param("/api/v1/history?days=91", "days", id="days-beyond-retention"),
        pytest.param("/charts/days.svg?days=-1", "days", id="days-negative"),
        pytest.param("/charts/hours.svg?size=huge", "size", id="size-unknown"),
        pytest.param("/charts/pyramid.svg?day=2026-02-30", "day", id="no-such-day"),
        pytest.param("/history?day=yesterday", "day", id="day-a-word"),
        pytest.param("/history?day=2026-05-13", "day", id="day-in-the-future"),
        pytest.param("/history?day=1999-12-31", "day", id="day-too-early"),
        pytest.param("/history?day=20260512", "day", id="day-without-dashes"),
        pytest.param("/export.csv?from=2026-05-12&to=2026-05-11", "from", id="from-after-to"),
        pytest.param("/export.csv?to=0000-00-00", "to", id="to-no-date"),
    ],
)
def test_a_bad_parameter_is_named(client: FlaskClient, lunch: Store, address: str, name: str):
    answer = client.get(address)

    assert answer.status_code == 400
    if address.startswith("/api/"):
        assert answer.json["parameter"] == name
        assert answer.json["error"].startswith(f"{name}: ")
    else:
        assert f"<p>{name}: " in answer.text


@pytest.mark.parametrize("address", ["/", "/api/v1/today", "/healthz", "/metrics", "/export.csv", "/charts/hours.svg"])
def test_a_damaged_database_is_an_error_that_names_it(settings: Settings, address: str):
    settings.store.path.write_bytes(b"this is no database, whatever its name says" * 100)

    answer = create_app(settings).test_client().get(address)

    assert answer.status_code == 503
    assert settings.store.path.name in answer.text


def test_a_file_that_the_agent_is_about_to_fill_is_an_empty_day(settings: Settings, client: FlaskClient):
    settings.store.path.touch()

    assert client.get("/api/v1/today").json["day"]["visits"] == 0


def test_an_unknown_address_of_the_api_is_json(client: FlaskClient):
    answer = client.get("/api/v1/nothing")

    assert (answer.status_code, answer.mimetype) == (404, "application/json")


SAMPLE = re.compile(
    r'^(?P<name>[a-z_]+)(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? (?P<value>-?\d+(\.\d+)?(e[+-]\d+)?)$'
)


def test_metrics_are_prometheus_text(client: FlaskClient, lunch: Store):
    answer = client.get("/metrics")
    lines = answer.text.splitlines()
    kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    samples = [line for line in lines if not line.startswith("#")]
    values = metrics_of(client)

    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text.endswith("\n")
    assert all(SAMPLE.match(line) for line in samples), [line for line in samples if not SAMPLE.match(line)]
    assert {SAMPLE.match(line)["name"] for line in samples} == set(kinds)
    assert all((kind == "counter") == name.endswith("_total") for name, kind in kinds.items())
    assert len(values) == len(samples)
    expected = {
        "maitred_up": 1.0, "maitred_people_in_view": 3, "maitred_frame_latency_seconds": 0.041,
        "maitred_visits_today band=25-34 gender=female": 2, "maitred_camera_state state=running": 1.0,
        "maitred_camera_state state=failed": 0.0, "maitred_agent_memory_bytes": 118000000.0,
    }  # fmt: skip
    assert {name: values[name] for name in expected} == expected


def test_metrics_of_a_stopped_agent_hold_no_stale_value(client_at: Callable[[float], FlaskClient], lunch: Store):
    text = client_at(NOON + 3600).get("/metrics").text

    assert "maitred_up 0.0" in text
    assert "maitred_heartbeat_age_seconds 3601.0" in text
    assert "maitred_frame_rate_hertz" not in text


def test_a_label_of_a_metric_is_escaped(client: FlaskClient, store: Store):
    store.heartbeat.write(a_heartbeat(NOON, model='a"b\\c\nd'))

    assert 'maitred_info{model="a\\"b\\\\c\\nd"} 1.0\n' in client.get("/metrics").text


def exported(client: FlaskClient, query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/export.csv{query}").text)))


@pytest.fixture
def windowed(store: Store) -> Store:
    """Two windows that end at midnight and at 0:15, and an empty one before them."""
    bands, midnight = AgeBands((0, 13, 35)), paris("2026-05-12 00:00")
    for start, visits in (
        (midnight - 1800, []),
        (midnight - 900, [a_visit(midnight - 60)]),
        (
            midnight,
            [a_visit(midnight + 60, 70.0, 0.2), a_visit(midnight + 90, 8.0, None), a_visit(midnight + 95, 9.0, None)],
        ),
    ):
        store.record(visits, start + 1)
        store.close_window(start, start + 900, bands, Traffic(), lambda _: None)
    return store


def test_the_export_has_a_row_for_each_cell_and_one_for_an_empty_window(client: FlaskClient, windowed: Store):
    rows = exported(client, "")

    assert [tuple(row.values()) for row in rows] == [
        ("2026-05-11T23:30:00+02:00", "2026-05-11T23:45:00+02:00", "", "", "0"),
        ("2026-05-11T23:45:00+02:00", "2026-05-12T00:00:00+02:00", "13-34", "female", "1"),
        ("2026-05-12T00:00:00+02:00", "2026-05-12T00:15:00+02:00", "0-12", "unknown", "2"),
        ("2026-05-12T00:00:00+02:00", "2026-05-12T00:15:00+02:00", "35+", "male", "1"),
    ]


@pytest.mark.parametrize(
    ("query", "ends"),
    [
        pytest.param("?from=2026-05-12&to=2026-05-12", {"2026-05-12T00:15:00+02:00"}, id="one-day"),
        pytest.param(
            "?from=2026-05-11&to=2026-05-11", {"2026-05-11T23:45:00+02:00", "2026-05-12T00:00:00+02:00"},
            id="a-window-that-ends-at-midnight-is-of-the-day-before",
        ),
        pytest.param("?from=2026-05-01&to=2026-05-10", set(), id="before-all"),
        pytest.param(
            "?from=2020-01-01&to=2026-05-11", {"2026-05-11T23:45:00+02:00", "2026-05-12T00:00:00+02:00"}, id="years"
        ),
    ],
)  # fmt: skip
def test_the_export_is_limited_to_its_days(client: FlaskClient, windowed: Store, query: str, ends: set[str]):
    assert {row["window_end"] for row in exported(client, query)} == ends


def test_the_export_is_a_file_to_keep_and_is_streamed(client: FlaskClient, windowed: Store):
    answer = client.get("/export.csv?from=2026-05-11&to=2026-05-12", buffered=False)

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=maitred-restaurant-2026-05-11-2026-05-12.csv"
    assert answer.is_streamed
    assert "Content-Length" not in answer.headers


def test_nothing_asks_for_the_upload_secret(settings: Settings, tmp_path: Path, lunch: Store):
    uplink = settings.uplink.model_copy(update={"url": "https://census.example/", "secret_file": tmp_path / "missing"})
    app = create_app(settings.model_copy(update={"uplink": uplink}), clock=lambda: NOON)
    opened: list[str] = []
    sys.addaudithook(lambda event, what: opened.append(str(what[0])) if event == "open" else None)

    answers = [app.test_client().get(rule.rule) for rule in app.url_map.iter_rules() if "<" not in rule.rule]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].text and opened
    assert str(tmp_path / "missing") not in opened
