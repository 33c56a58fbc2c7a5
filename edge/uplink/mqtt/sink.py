"""The sink of an MQTT broker, which also shows Home Assistant the counts."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Sequence

from edge.census.window import Window
from edge.config.settings import Settings
from edge.errors import BadInput
from edge.store.outbox import QueuedEvent
from edge.system.private_file import read_private
from edge.uplink.endpoint import SINGLE
from edge.uplink.mqtt.connection import ONLINE, BrokerRefused, Connection, ConnectionLost, require_client
from edge.uplink.mqtt.home_assistant import LOOK_BACK_S, discovery, state, topics
from edge.uplink.sink import DeliveryOutcome, Sink, SinkContext, SinkKind, Verdict

log = logging.getLogger(__name__)


class MqttSink(Sink):
    """Stays connected for as long as possible. It publishes whether the device is there, the state for Home Assistant,
    and the events, one after the other.

    Raises:
        BadInput: no broker is named, its password file cannot be used, or the MQTT client is not installed.
    """

    look_back_s = LOOK_BACK_S

    def __init__(self, settings: Settings, model: str) -> None:
        """Prepare.

        Args:
            settings: sections mqtt and site, and those of the census for the state.
            model: name and version of the model, for Home Assistant.
        """
        if not settings.mqtt.host:
            raise BadInput("[mqtt] host is not set: it is the broker that events are published to")
        require_client()
        self._settings = settings
        self._mqtt = settings.mqtt
        self._topics = topics(settings)
        self._model = model
        self._password = read_password(settings)
        self._connection: Connection | None = None
        self._shown = ""
        self.longest_pause_s = settings.mqtt.max_backoff_s
        if not self._mqtt.tls:
            log.warning("[mqtt] tls is off: counts, and the password, can be read on the way")

    def connect(self) -> None:
        """Log in, and publish that the device is there."""
        site = self._settings.site
        self._connection = Connection(
            self._mqtt, f"maitred-{site.name}-{site.device}", self._password, self._topics["availability"], self.wake
        )
        log.info("mqtt: connected to %s:%d", self._mqtt.host, self._mqtt.port)
        if self._mqtt.discovery:
            self._show("discovery", json.dumps(discovery(self._settings, self._model)))
        self._show("availability", ONLINE)
        self._shown = ""

    def deliver(self, events: Sequence[QueuedEvent], now: float) -> DeliveryOutcome:  # noqa: ARG002
        """Publish the one event, and wait until the broker has it."""
        (event,) = events
        try:
            self._connected.publish(self._topics["census"], event.body, content_type=SINGLE)
        except BrokerRefused as refusal:
            verdict = Verdict.REJECTED if refusal.for_good else Verdict.RETRY
            return DeliveryOutcome(verdict, f"broker: {refusal}")
        return DeliveryOutcome(Verdict.ACKNOWLEDGED)

    def idle(self, windows: Sequence[Window], now: float) -> None:
        """Publish the state if it has changed."""
        self._connected.check()
        text = json.dumps(state(windows, self._settings, now))
        if text != self._shown:
            self._show("state", text)
        self._shown = text

    def close(self) -> None:
        """Publish that the device goes, and disconnect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, ValueError):
                connection.close()

    @property
    def _connected(self) -> Connection:
        if self._connection is None:
            raise ConnectionLost("there is no connection to the broker")
        return self._connection

    def _show(self, topic: str, text: str) -> None:
        try:
            self._connected.publish(self._topics[topic], text, retain=True)
        except BrokerRefused as refusal:  # a broker that refuses the discovery message may still accept the events
            log.warning("mqtt: the broker accepts nothing on %s: %s", self._topics[topic], refusal)


def read_password(settings: Settings) -> str | None:
    """The password for the broker, None if none is configured.

    Raises:
        BadInput: its file cannot be used.
    """
    path = settings.mqtt.password_file
    if path is None:
        return None
    content = read_private(path, "the broker's password").strip(b"\r\n")
    try:
        password = content.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{path}: the broker's password is not text (UTF-8)") from None
    if not password or "\n" in password:
        raise BadInput(f"{path}: it must hold the broker's password, one line")
    return password


def _open(context: SinkContext) -> MqttSink:
    return MqttSink(context.settings, context.model)


MQTT = SinkKind(_open, "the MQTT broker of [mqtt]")
