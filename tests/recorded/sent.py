"""What leaves the device: the events that the agent posts, and what it publishes for Home Assistant.

The agent finds the visits of the last release's database as one finds them that was cut off before any window closed:
it closes every window and sends its event.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from tests.recorded.command_line import (
    Endpoint,
    NotHere,
    all_delivered,
    broker,
    configuration,
    empty_room,
    forget_windows,
    load_database,
    running,
    secret,
    until,
)

SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
AFTERWARDS = 1715515500.0
"""2024-05-12 14:05 in Paris: minutes after the last visit that the database holds."""
HOUR = AFTERWARDS // 3600 * 3600
BASE = "restaurants/lucia/trattoria-lucia/front-door"
DIFFERS_EACH_TIME = ("id", "data/clock")
"""Of an event: the id is random, and the clock tells whether this machine has a time server."""
DIFFERS_BY_RELEASE = ("device/sw_version", "origin/sw_version")
"""Of the message by which Home Assistant discovers the device."""


def without(document: dict[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """The document without some members, each of which has to be there."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for path in paths:
        *parents, last = path.split("/")
        node = copy
        for parent in parents:
            node = node[parent]
        del node[last]
    return copy


def posted(folder: Path) -> dict[str, Any]:
    database = load_database(folder)
    forget_windows(database)
    secret(folder / "uplink.secret", SECRET)
    with Endpoint() as endpoint:
        config = _agent_configuration(folder, endpoint.url, mqtt_port=None)
        with running(folder, "run", "--config", config) as log:
            until(lambda: all_delivered(database, HOUR) and endpoint.received, log)
    events = []
    for headers, body in endpoint.received:
        assert Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        assert headers["webhook-id"] == json.loads(body)["id"]
        events.append(without(json.loads(body), DIFFERS_EACH_TIME))
    kinds = sorted({headers["Content-Type"] for headers, _ in endpoint.received})
    return {"content types": kinds, "events": events}


def published(folder: Path) -> dict[str, Any]:
    database = load_database(folder)
    forget_windows(database)
    with broker(folder) as port, _listener(port) as messages:
        config = _agent_configuration(folder, "", mqtt_port=port)

        def all_told() -> bool:
            # Of events and states, a state comes last: the one that holds all windows.
            topics = [topic for topic, _ in messages if topic in (f"{BASE}/census", f"{BASE}/state")]
            return all_delivered(database, HOUR) and f"{BASE}/census" in topics and topics[-1] == f"{BASE}/state"

        with running(folder, "run", "--config", config, at=AFTERWARDS) as log:
            until(all_told, log)
        # Its good-bye, or the broker's word for it if there was no time for one.
        until(lambda: messages[-1] == (f"{BASE}/availability", "offline"), log)
    by_topic: dict[str, list[str]] = {}
    for topic, text in messages:
        by_topic.setdefault(topic, []).append(text)
    (discovery,) = (topic for topic in by_topic if topic.startswith("homeassistant/"))
    events = [without(json.loads(text), DIFFERS_EACH_TIME) for text in by_topic[f"{BASE}/census"]]
    return {
        "topics": sorted(by_topic),
        "discovery": without(json.loads(by_topic[discovery][0]), DIFFERS_BY_RELEASE),
        "availability": by_topic[f"{BASE}/availability"],
        "state": json.loads(by_topic[f"{BASE}/state"][-1]),
        "events": [event["data"]["window"] | {"visits": event["data"]["visits"]} for event in events],
    }


def _agent_configuration(folder: Path, url: str, mqtt_port: int | None) -> Path:
    changes = {
        'source = "door.mp4"': f'source = "{empty_room(folder).name}"',
        "loop = false": "loop = true",
        'url = "https://census.example.com/v1/windows"': f'url = "{url}"',
        'host = "broker.example.com"': f'host = "{"127.0.0.1" if mqtt_port else ""}"',
        "tls = true": "tls = false",
        'ca_file = "broker.pem"': "",
        'username = "lucia"': "",
        'password_file = "broker.password"': "",
    }
    if mqtt_port:
        changes["port = 8884"] = f"port = {mqtt_port}"
    return configuration(folder, changes)


@contextmanager
def _listener(port: int) -> Iterator[list[tuple[str, str]]]:
    """Topics and texts of all messages of the broker, in their order."""
    try:
        import paho.mqtt.client as paho
    except ImportError as error:
        raise NotHere("needs paho-mqtt") from error
    messages: list[tuple[str, str]] = []
    ready = threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "recorder", protocol=paho.MQTTv5)
    client.on_message = lambda _client, _data, message: messages.append((message.topic, message.payload.decode()))
    client.on_connect = lambda client, *_: client.subscribe("#", 1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(30)
    try:
        yield messages
    finally:
        client.disconnect()
        client.loop_stop()
