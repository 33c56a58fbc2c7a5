"""One connection to a broker (MQTT 5), which is not used again once it broke: the outbox is the only queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge.config.mqtt import Mqtt
from edge.errors import BadInput
from edge.uplink.sink import SinkUnavailable

if TYPE_CHECKING:
    from paho.mqtt.client import Client

ONLINE, OFFLINE = "online", "offline"
LEAVE_S = 0.5
"""Seconds that logging off may take."""
PAYLOAD_FORMAT_INVALID = 0x99
"""The only reason code that is about the message itself. What the others are about can be corrected, and then the
message is accepted."""


class ConnectionLost(SinkUnavailable):
    """There is no connection (any more), or the broker does not answer; the message says why."""


class BrokerRefused(Exception):
    """The broker answered that it does not accept this message; ``for_good`` if it never will."""

    def __init__(self, reason: str, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Connection:
    """Connected from its construction until it is lost or closed. Methods are for one thread.

    Raises:
        ConnectionLost: the broker cannot be reached, or refuses the log-in.
    """

    def __init__(
        self, mqtt: Mqtt, client_id: str, password: str | None, will_topic: str | None, on_lost: Callable[[], None]
    ) -> None:
        """Connect.

        Args:
            mqtt: where to.
            client_id: a broker ends the older of two connections with the same id.
            password: that of ``mqtt.username``.
            will_topic: where the broker publishes "offline" (retained) if the connection ends without logging off.
            on_lost: called from another thread when the connection breaks.
        """
        self._timeout_s = mqtt.timeout_s
        self._will_topic = will_topic
        self._on_lost = on_lost
        self._changed = threading.Condition()
        self._answered = False
        self._lost: str | None = None
        self._answers: dict[int, Any] = {}
        self._client = self._make(mqtt, client_id, password)
        try:
            self._client.connect(mqtt.host, mqtt.port, mqtt.keepalive_s, clean_start=True)
        except (OSError, ValueError) as error:
            raise ConnectionLost(f"cannot connect to {mqtt.host}:{mqtt.port}: {error}") from error
        self._client.loop_start()
        if not self._wait(lambda: self._answered) or self._lost:
            self._client.loop_stop()
            raise ConnectionLost(f"{mqtt.host}:{mqtt.port}: {self._lost or 'no answer to the log-in'}")

    def publish(self, topic: str, text: str, *, retain: bool = False, content_type: str | None = None) -> None:
        """Publish at least once (QoS 1), and wait until the broker has acknowledged it.

        Raises:
            ConnectionLost: it did not; whether it has received the message is not known.
            BrokerRefused: it answered that it does not accept the message.
        """
        sent = self._client.publish(topic, text.encode(), 1, retain, _properties(content_type))
        if sent.rc != 0:
            self.check()
            raise ConnectionLost("the connection broke")
        if not self._wait(lambda: sent.mid in self._answers):
            self.check()
            raise ConnectionLost(f"no acknowledgement within {self._timeout_s:g} s")
        self.check(unless=sent.mid)
        answer = self._answers.pop(sent.mid)
        if answer.is_failure:
            raise BrokerRefused(str(answer), answer.value == PAYLOAD_FORMAT_INVALID)

    def check(self, unless: int | None = None) -> None:
        """Do nothing if the connection exists, or if the message ``unless`` was answered before it broke.

        Raises:
            ConnectionLost: it is broken.
        """
        if self._lost is not None and unless not in self._answers:
            raise ConnectionLost(self._lost)

    def close(self) -> None:
        """Publish "offline" if the connection exists, and end it. Never raises."""
        if self._lost is None and self._will_topic is not None:
            sent = self._client.publish(self._will_topic, OFFLINE, 1, True)
            self._wait(lambda: sent.mid in self._answers, LEAVE_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _make(self, mqtt: Mqtt, client_id: str, password: str | None) -> Client:
        paho = _paho()
        client: Client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = mqtt.timeout_s
        client.on_connect = self._connected
        client.on_publish = self._acknowledged
        client.on_disconnect = self._disconnected
        if self._will_topic is not None:
            client.will_set(self._will_topic, OFFLINE, 1, True)
        if mqtt.username:
            client.username_pw_set(mqtt.username, password)
        if mqtt.tls:
            try:
                client.tls_set(None if mqtt.ca_file is None else str(mqtt.ca_file))
            except OSError as error:
                raise ConnectionLost(f"[mqtt] ca_file {mqtt.ca_file}: {error}") from error
        return client

    def _connected(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:  # noqa: ARG002
        with self._changed:
            self._answered = True
            if reason.is_failure:
                self._lost = f"the broker refuses the log-in: {reason}"
            self._changed.notify_all()

    def _acknowledged(self, client: Any, data: Any, mid: int, reason: Any, properties: Any) -> None:  # noqa: ARG002
        with self._changed:
            self._answers[mid] = reason
            self._changed.notify_all()

    def _disconnected(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:  # noqa: ARG002
        with self._changed:
            self._lost = self._lost or f"the connection to the broker broke: {reason}"
            self._changed.notify_all()
        self._on_lost()

    def _wait(self, condition: Callable[[], bool], timeout_s: float | None = None) -> bool:
        deadline = time.monotonic() + (timeout_s or self._timeout_s)
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._lost is not None, deadline - time.monotonic())
            return condition()


def require_client() -> None:
    """Do nothing if the MQTT client is installed.

    Raises:
        BadInput: it is not; the message names the package.
    """
    _paho()


def _paho() -> Any:
    try:
        import paho.mqtt.client as paho
    except ImportError as error:
        raise BadInput("[mqtt] needs a package that is not here: pip install 'maitred[mqtt]'") from error
    return paho


def _properties(content_type: str | None) -> Any:
    if content_type is None:
        return None
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = content_type
    return properties
