"""The checks of ``maitred doctor``. Each has a verdict, says what was found, and names a way out."""

from __future__ import annotations

import socket
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from edge.cameras import open_camera
from edge.config.settings import Settings
from edge.counting.placement import VISITS_TO_JUDGE, check_placement
from edge.counting.visit import Direction
from edge.errors import MaitredError
from edge.store import Store
from edge.system.check import Check, CheckVerdict
from edge.system.clock import clock_quality
from edge.system.machine import HOT_C, WARM_C, Disk, temperature_c
from edge.system.redaction import redact
from edge.uplink.endpoint import authorities
from edge.uplink.mqtt.connection import Connection, ConnectionLost, require_client
from edge.uplink.mqtt.sink import read_password
from edge.uplink.registry import open_sink
from edge.uplink.secret import CREDENTIAL, read_secrets
from edge.uplink.sink import SinkContext
from edge.vision.bundle import load_bundle
from edge.vision.model_sandbox import check_in_sandbox

LOW_DISK_MB, FULL_DISK_MB = 500, 50
LOW_MEMORY_MB = 150
MEMINFO = Path("/proc/meminfo")
CONNECT_S = 5.0
MAX_DEAD_LETTERS = 3


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run all checks, one after the other. None of them raises."""
    checks: tuple[tuple[str, Callable[[Settings], Check]], ...] = (
        ("camera", _camera), ("face model", _face_model), ("demographics model", _demographics_model),
        ("database", _database), ("dead letters", _dead_letters), ("entrance", _entrance), ("disk", _disk),
        ("memory", _memory), ("temperature", _temperature), ("clock", _clock), ("secret", _secret),
        ("endpoint", _endpoint), ("broker", _broker), ("sink", _sink),
    )  # fmt: skip
    for name, check in checks:
        try:
            result = check(settings)
        except (MaitredError, OSError, sqlite3.Error) as error:
            result = Check(name, "failure", str(error), "correct what the message names")
        except Exception as error:  # a camera or a sink of a plug-in may raise anything
            result = Check(name, "failure", f"{type(error).__name__}: {error}", "correct or remove the plug-in")
        yield replace(result, found=redact(result.found))


def _camera(settings: Settings) -> Check:
    source = settings.camera
    with open_camera(source.source, size=(source.width, source.height), fps=source.fps) as camera:
        frame = camera.read()
    if frame is None:
        return Check("camera", "failure", f"{camera.name} has no frame", "check the recording")
    width, height = frame.size
    if frame.image.mean() < 10:
        return Check("camera", "warning", f"{camera.name}: the picture is black", "take off the lens cap, add light")
    return Check("camera", "ok", f"{camera.name}: {width}x{height}")


def _face_model(settings: Settings) -> Check:
    return _model("face model", settings.detection.model, "face-detection")


def _demographics_model(settings: Settings) -> Check:
    return _model("demographics model", settings.demographics.model, "demographics")


def _model(name: str, model: str, task: str) -> Check:
    bundle = check_in_sandbox(load_bundle(model).require(task))
    interpreter = bundle.interpreter(threads=1)
    return Check(name, "ok", f"{bundle.card.name} {bundle.card.version} on {interpreter.runtime}")


def _database(settings: Settings) -> Check:
    path = settings.store.path
    if not path.exists():
        return Check("database", "warning", f"{path} does not exist yet", "start the agent: systemctl start agent")
    with Store.open(path, read_only=True) as store:
        state, last_repair, health = store.outbox.state(), store.last_repair, store.heartbeat.read()
    counts = f"{path}: {state.queued} queued, {state.delivered} delivered, {state.dropped} dropped"
    if health is not None and health.store_error:
        way_out = "free some space on the card; check whether the card has become read-only (dmesg); if so, replace it"
        found = f"{path} cannot be written ({health.store_error}); {health.visits_waiting} visits wait in memory"
        return Check("database", "failure", found, way_out)
    if last_repair is not None and last_repair.is_recent(time.time()):
        when = datetime.fromtimestamp(last_repair.at, UTC).strftime("%d %b %Y")
        found = f"{counts}; it was damaged on {when}: the damaged file is kept as {last_repair.file}"
        return Check("database", "warning", found, "replace the card if it happens again")
    return Check("database", "ok", counts)


def _dead_letters(settings: Settings) -> Check:
    if not settings.store.path.exists():
        return Check("dead letters", "ok", "none")
    with Store.open(settings.store.path, read_only=True) as store:
        count, letters = store.outbox.state().rejected, store.outbox.dead_letters(MAX_DEAD_LETTERS)
    if not count:
        return Check("dead letters", "ok", "none")
    reasons = "; ".join(f"{letter.id}: {letter.reason}" for letter in letters)
    way_out = "see the endpoint's log and docs/cloud.md; then maitred resend --config FILE"
    return Check("dead letters", "warning", f"{count} rejected by the endpoint, the last: {reasons}", way_out)


def _entrance(settings: Settings) -> Check:
    entrance, path = settings.entrance, settings.store.path
    latest: Sequence[Direction | None] | None = []
    if path.exists():
        with Store.open(path, read_only=True) as store:
            latest = store.entrance.latest_directions(entrance, VISITS_TO_JUDGE)
    return check_placement(entrance, latest)


def _disk(settings: Settings) -> Check:
    disk = Disk.of(settings.store.path)
    free = disk.free // 2**20
    verdict: CheckVerdict = "failure" if free < FULL_DISK_MB else "warning" if free < LOW_DISK_MB else "ok"
    way_out = "" if verdict == "ok" else "free some space on the card"
    return Check("disk", verdict, f"{free} MB free at {disk.folder}", way_out)


def _memory(settings: Settings) -> Check:  # noqa: ARG001 (all checks are called alike)
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return Check("memory", "warning", "this machine does not report its memory")
    low = free < LOW_MEMORY_MB
    return Check("memory", "warning" if low else "ok", f"{free} MB available", "stop other programs" if low else "")


def _temperature(settings: Settings) -> Check:  # noqa: ARG001
    celsius = temperature_c()
    if celsius is None:
        return Check("temperature", "ok", "this machine does not report a temperature")
    verdict: CheckVerdict = "failure" if celsius >= HOT_C else "warning" if celsius >= WARM_C else "ok"
    return Check("temperature", verdict, f"{celsius:.0f} °C", "" if verdict == "ok" else "add a heat sink or a fan")


def _clock(settings: Settings) -> Check:  # noqa: ARG001
    quality = clock_quality()
    if quality == "unsynchronised":
        return Check("clock", "warning", "not synchronised yet", "check the network; timedatectl shows the state")
    known = quality == "synchronised"
    return Check("clock", "ok", "synchronised" if known else "no time service says how good it is")


def _secret(settings: Settings) -> Check:
    if not settings.uplink.url:
        return Check("secret", "ok", "none needed")
    if settings.uplink.secret_file is None:  # only the agent's unit can read a systemd credential
        return Check("secret", "ok", f"the systemd credential {CREDENTIAL}, which only the agent can see")
    count = len(read_secrets(settings.uplink.secret_file))
    return Check("secret", "ok", f"{settings.uplink.secret_file}: {count} in use")


def _endpoint(settings: Settings) -> Check:
    if not settings.uplink.url:
        return Check("endpoint", "ok", "none configured: nothing leaves this device over HTTPS")
    parts = urlsplit(settings.uplink.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    authority = authorities(settings.uplink)
    try:
        with socket.create_connection((host, port), CONNECT_S) as connection:
            if parts.scheme == "https":
                with ssl.create_default_context(cafile=authority or None).wrap_socket(connection, server_hostname=host):
                    pass
    except OSError as error:
        way_out = "check [uplink] url, the network and the certificate; events wait in the outbox meanwhile"
        return Check("endpoint", "failure", f"{host}:{port} cannot be reached: {error}", way_out)
    return Check("endpoint", "ok", f"{host}:{port} answers")


def _broker(settings: Settings) -> Check:
    mqtt, site = settings.mqtt, settings.site
    if not mqtt.host:
        return Check("broker", "ok", "none configured: nothing leaves this device over MQTT")
    require_client()
    try:
        # With a client name of its own: for a second client of the same name the broker would close the agent's.
        name = f"maitred-{site.name}-{site.device}-doctor"
        Connection(mqtt, name, read_password(settings), None, lambda: None).close()
    except ConnectionLost as error:
        return Check("broker", "failure", str(error), "check [mqtt], the network, certificate, user and password")
    return Check("broker", "ok", f"{mqtt.host}:{mqtt.port} accepts the log-in")


def _sink(settings: Settings) -> Check:
    name = settings.sink.plugin
    if not name:
        return Check("sink", "ok", f"events go out over {settings.carrier}" if settings.sends else "none configured")
    open_sink(name, SinkContext(settings, settings.sink.options))
    return Check("sink", "ok", f"{name} is installed and takes its options")
