"""A site in Paris, its database, and the dashboard's client at a moment of one's choosing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from edge.config import Settings, parse_settings
from edge.counting.visit import Visit
from edge.dashboard import create_app
from edge.store import Health, Store

PARIS = ZoneInfo("Europe/Paris")


def paris(text: str) -> float:
    """Unix time of a local time, ``2026-05-12 20:30``."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


NOON = paris("2026-05-12 12:00")


def a_visit(ended_at: float, age: float | None = 30.0, female: float | None = 0.9, dwell: float = 6.0) -> Visit:
    interval = None if age is None else (age - 6, age + 7)
    return Visit(ended_at - dwell, ended_at, 12, age, interval, female)


def a_heartbeat(at: float, **changes: object) -> Health:
    health = Health(
        at, at - 3600, "running", "rtsp://admin:hunter2@camera.local/door", None,
        5000, 12, 14.6, 41.0, 58.4, 118.0, "table1", "off", 3,
    )  # fmt: skip
    return dataclasses.replace(health, **changes)


def metrics_of(client: FlaskClient) -> dict[str, float]:
    """The values at /metrics by name and labels, as Prometheus' own parser reads them."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sample.labels.items()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def settings(database: Path) -> Settings:
    return parse_settings({"site": {"timezone": "Europe/Paris"}, "store": {"path": str(database)}}, "test")


@pytest.fixture
def client_at(settings: Settings) -> Callable[[float], FlaskClient]:
    return lambda at: create_app(settings, clock=lambda: at).test_client()


@pytest.fixture
def client(client_at: Callable[[float], FlaskClient]) -> FlaskClient:
    """The client at NOON."""
    return client_at(NOON)


@pytest.fixture
def at_the_door(settings: Settings) -> Callable[[float], FlaskClient]:
    """The client at a moment, of a device with a line and a staff zone."""
    line = {"line": [[0.1, 0.6], [0.9, 0.6]], "staff_zone": [[0, 0], [0.2, 0], [0.2, 1]]}
    drawn = parse_settings({**settings.model_dump(mode="json"), "entrance": line}, "test")
    return lambda at: create_app(drawn, clock=lambda: at).test_client()


@pytest.fixture
def lunch(store: Store) -> Store:
    """A store with the five visits of this morning, one of yesterday, and an agent that was alive a second ago."""
    visits = [
        a_visit(paris("2026-05-11 20:15"), 61.0, 0.2),
        a_visit(paris("2026-05-12 09:10"), 34.0, 0.9),
        a_visit(paris("2026-05-12 11:05"), 45.0, 0.1),
        a_visit(paris("2026-05-12 11:20"), 8.0, None),
        a_visit(paris("2026-05-12 11:40"), None, None),
        a_visit(paris("2026-05-12 11:59"), 29.0, 0.8),
    ]
    store.record(visits, NOON)
    store.heartbeat.write(a_heartbeat(NOON - 1))
    return store
