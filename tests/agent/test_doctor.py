"""The checks of `maitred doctor`."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.agent import doctor
from edge.agent.doctor import run_checks
from edge.config import Settings, parse_settings
from edge.counting.visit import Visit
from edge.demo import CLIP
from edge.store import Health, Store
from edge.system import clock as clock_module
from edge.system import machine
from edge.system.check import Check
from edge.vision.bundle import shipped_models

NAMES = [
    "camera", "face model", "demographics model", "database", "dead letters", "entrance", "disk", "memory",
    "temperature", "clock", "secret", "endpoint", "broker", "sink",
]  # fmt: skip


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., Check]:
    """The check of that name, with the default settings and other values if given: ``found("disk", store={...})``."""

    def check_of(name: str, **sections: dict[str, object]) -> Check:
        values: dict[str, dict[str, object]] = {
            "camera": {"source": str(CLIP)}, "store": {"path": tmp_path / "maitred.db"},
        }  # fmt: skip
        for section, changes in sections.items():
            values[section] = values.get(section, {}) | changes
        checks = {check.name: check for check in run_checks(parse_settings(values, "test"))}
        assert list(checks) == NAMES
        return checks[name]

    return check_of


def test_all_is_well_with_a_working_device(found, store: Store):
    del store  # it exists, and is empty
    for name in ("camera", "face model", "demographics model", "database", "endpoint"):
        assert found(name).verdict == "ok", name


def test_every_fault_has_a_way_out_and_all_checks_are_still_made():
    settings = parse_settings(
        {
            "camera": {"source": "v4l2:/dev/video99"},
            "detection": {"model": "nothing"},
            "demographics": {"model": "nothing"},
            "store": {"path": "/nowhere/maitred.db"},
            "uplink": {"url": "http://127.0.0.1:9", "secret_file": "none"},
        },
        "test",
    )

    checks = list(run_checks(settings))

    assert [check.name for check in checks] == NAMES
    assert all(check.way_out for check in checks if check.verdict != "ok" and check.name != "memory")
    failed = {check.name for check in checks if check.verdict == "failure"}
    assert {"camera", "face model", "demographics model", "endpoint"} <= failed


def test_a_black_picture_is_a_warning(found, tmp_path: Path):
    frames = tmp_path / "frames"
    frames.mkdir()
    cv2.imwrite(str(frames / "0.png"), np.full((48, 64, 3), 3, np.uint8))

    check = found("camera", camera={"source": str(frames)})

    assert check.verdict == "warning"
    assert "black" in check.found


@pytest.mark.parametrize(("section", "name"), [("detection", "face model"), ("demographics", "demographics model")])
def test_a_model_for_another_task_is_refused(found, section: str, name: str):
    wrong = "table1" if section == "detection" else "face"
    assert wrong in shipped_models()

    check = found(name, **{section: {"model": wrong}})

    assert check.verdict == "failure"
    assert wrong in check.found


def test_a_database_that_is_not_there_yet_is_a_warning(found):
    check = found("database")

    assert check.verdict == "warning"
    assert "systemctl start agent" in check.way_out


def test_rejected_events_are_a_warning(found, store: Store):
    store.outbox.add("a", "{}", 1.0)
    store.outbox.mark_rejected("a", 2.0, "HTTP 400")

    check = found("dead letters")

    assert check.verdict == "warning"
    assert check.found == "1 rejected by the endpoint, the last: a: HTTP 400"
    assert "maitred resend" in check.way_out


def test_no_check_shows_credentials(found, store: Store):
    """Also those that something else wrote, here the reason that an earlier release stored."""
    store.outbox.add("a", "{}", 1.0)
    store.outbox.mark_rejected("a", 2.0, "HTTP 404: no https://me:s3cret@host/v1?token=s3cret here")

    assert "no https://***@host/v1?*** here" in found("dead letters").found
    camera = found("camera", camera={"source": "rtsp://me:s3cret@[::1/x?token=s3cret"})
    assert camera.verdict == "failure"
    assert camera.found.startswith("rtsp://***@[::1/x?***")
    assert "s3cret" not in camera.found


def test_a_repaired_database_is_a_warning_for_a_month(found, database: Path):
    database.write_bytes(b"not a database" * 100)
    Store.open_repaired(database, time.time() - 29 * 86400).close()

    check = found("database")

    assert check.verdict == "warning"
    assert "maitred.damaged-" in check.found

    Store.open_repaired(database, time.time() - 31 * 86400, damaged=True).close()
    assert found("database").verdict == "ok"


def test_a_database_that_cannot_be_written_is_a_failure(found, store: Store):
    health = Health(time.time(), 1.0, "running", "picamera2:", None, 9, 1, 14.9, 31.5, None, 140.0, "mobile", "idle")
    store.heartbeat.write(dataclasses.replace(health, store_error="database or disk is full", visits_waiting=12))

    check = found("database")

    assert check.verdict == "failure"
    assert "database or disk is full" in check.found
    assert "12 visits wait in memory" in check.found


def test_secrets_are_counted_and_not_shown(found, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM=\n")
    uplink = {"url": "http://127.0.0.1:9", "secret_file": str(secret)}
    secret.chmod(0o600)

    assert found("secret", uplink=uplink).found == f"{secret}: 1 in use"

    secret.chmod(0o644)
    assert found("secret", uplink=uplink).verdict == "failure"
    assert found("secret").found == "none needed"
    assert "credential uplink-secret" in found("secret", uplink={"url": "http://127.0.0.1:9"}).found


LINE = {"line": [[0.1, 0.5], [0.9, 0.5]]}


def crossed(store: Store, *directions: str | None) -> None:
    """The agent has run with LINE, and there were these visits since."""
    store.entrance.note_drawing(parse_settings({"entrance": LINE}, "test").entrance, 100.0)
    visits = [Visit(200.0 + n, 201.0 + n, 9, direction=direction) for n, direction in enumerate(directions)]
    store.record(visits, 1000.0)


@pytest.mark.parametrize(
    ("directions", "verdict", "reason"),
    [
        pytest.param([], "ok", "too few to judge", id="nobody-yet"),
        pytest.param([None] * 19, "ok", "19 visits since then, too few", id="too-few"),
        pytest.param([None] * 20, "warning", "none of the last 20 visits crossed the line", id="never-crossed"),
        pytest.param(["in"] * 30 + [None] * 20, "warning", "none of the last 20", id="camera-was-moved"),
        pytest.param([None] * 30 + ["in", "out", "in"], "ok", "2 came in and 1 went out", id="crossed"),
    ],
)
def test_a_line_is_judged_by_the_visits_since_it_was_drawn(found, store: Store, directions, verdict: str, reason: str):
    crossed(store, *directions)

    check = found("entrance", entrance=LINE)

    assert (check.verdict, reason in check.found) == (verdict, True)
    assert ("docs/entrance.md" in check.way_out) == (verdict == "warning")


def test_visits_from_before_a_line_was_redrawn_do_not_count_against_it(found, store: Store):
    crossed(store, *[None] * 30)
    moved = {"line": [[0.1, 0.6], [0.9, 0.6]]}

    assert "has not run with this line yet" in found("entrance", entrance=moved).found

    store.entrance.note_drawing(parse_settings({"entrance": moved}, "test").entrance, 5000.0)
    assert "0 visits since then" in found("entrance", entrance=moved).found


def test_visits_still_count_after_a_restart_with_the_same_line(found, store: Store):
    crossed(store, *[None] * 30)

    store.entrance.note_drawing(parse_settings({"entrance": LINE}, "test").entrance, 9000.0)

    assert found("entrance", entrance=LINE).verdict == "warning"


def test_a_damaged_database_is_a_failure(found, tmp_path: Path):
    (tmp_path / "maitred.db").write_bytes(b"not a database" * 100)

    assert found("database").verdict == "failure"


@pytest.mark.parametrize(
    ("low", "full", "verdict"), [(0, 0, "ok"), (1 << 40, 0, "warning"), (1 << 40, 1 << 40, "failure")]
)
def test_a_disk_is_judged_by_its_free_space(
    found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, low: int, full: int, verdict: str
):
    monkeypatch.setattr(doctor, "LOW_DISK_MB", low)
    monkeypatch.setattr(doctor, "FULL_DISK_MB", full)

    check = found("disk", store={"path": tmp_path / "not" / "made" / "yet" / "maitred.db"})

    assert check.verdict == verdict
    assert check.found.endswith(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        ("MemTotal: 1000000 kB\nMemAvailable: 614400 kB\n", "ok", "600 MB"),
        ("MemAvailable: 102400 kB\n", "warning", "100 MB"),
        ("MemTotal: 1000000 kB\n", "warning", "does not report its memory"),
    ],
    ids=["enough", "little", "unknown"],
)
def test_memory_is_judged_by_how_much_is_available(
    found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, verdict: str, reason: str
):
    (tmp_path / "meminfo").write_text(content)
    monkeypatch.setattr(doctor, "MEMINFO", tmp_path / "meminfo")

    check = found("memory")

    assert check.verdict == verdict
    assert reason in check.found


@pytest.mark.parametrize(
    ("millidegrees", "verdict"), [(None, "ok"), (45000, "ok"), (72000, "warning"), (85000, "failure")]
)
def test_a_temperature_is_judged_by_when_a_pi_slows_down(
    found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, millidegrees: int | None, verdict: str
):
    monkeypatch.setattr(machine, "THERMAL", tmp_path / "temp")
    if millidegrees is not None:
        (tmp_path / "temp").write_text(str(millidegrees))

    assert found("temperature").verdict == verdict


def test_a_clock_without_a_time_server_is_a_warning(found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(clock_module, "TIMESYNC", tmp_path)

    assert found("clock").verdict == "warning"

    (tmp_path / "synchronized").touch()
    assert found("clock").verdict == "ok"


def test_an_endpoint_that_cannot_be_reached_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        settings = parse_settings(
            {"uplink": {"url": f"http://127.0.0.1:{port}/hook", "secret_file": "s"}, "camera": {"source": str(CLIP)}},
            "test",
        )
        assert endpoint(settings).verdict == "ok"

    gone = endpoint(settings)

    assert gone.verdict == "failure"
    assert f"127.0.0.1:{port} cannot be reached" in gone.found
    assert "outbox" in gone.way_out


def test_an_endpoint_that_speaks_no_tls_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            connection = server.accept()[0]
            connection.recv(100)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        settings = parse_settings(
            {"uplink": {"url": f"https://127.0.0.1:{port}/hook", "secret_file": "s"}, "camera": {"source": str(CLIP)}},
            "test",
        )

        assert endpoint(settings).verdict == "failure"


def endpoint(settings: Settings) -> Check:
    return next(check for check in run_checks(settings) if check.name == "endpoint")
