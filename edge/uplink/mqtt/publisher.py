"""The publisher: the thread that keeps a broker informed."""

from __future__ import annotations

import contextlib
import json
import logging
import random as random_module
import threading
import time
from collections.abc import Callable
from typing import Literal

from edge.config.settings import Settings
from edge.errors import BadInput
from edge.store import Queued, Store
from edge.store.database import tells_of_damage
from edge.system.backoff import Backoff
from edge.system.private_file import read_private
from edge.uplink.endpoint import SINGLE
from edge.uplink.mqtt.connection import ONLINE, Connection, ConnectionLost, Refused, require_client
from edge.uplink.mqtt.home_assistant import LOOK_BACK_S, discovery, state, topics

log = logging.getLogger(__name__)
IDLE_S = 60.0
"""The outbox and the date are looked at so often even if nobody calls `wake`."""


class Publisher:
    """Stays connected for as long as it runs, and never gives up.

    Publishes whether the device is there, the state for Home Assistant, and, where the outbox is not emptied over HTTPS
    (``settings.mqtt_carries_events``), the events: one after the other, oldest first, at least once each.
    """

    def __init__(
        self,
        settings: Settings,
        model: str,
        *,
        random: Callable[[], float] = random_module.random,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Prepare, without starting.

        Args:
            settings: with an empty ``mqtt.host`` the publisher stays "off".
            model: name and version of the model, for Home Assistant.
            random: uniform in 0..1, for the jitter.
            clock: unix seconds.
            pause: waits so many seconds between attempts, or until :meth:`stop`; for tests.

        Raises:
            BadInput: the password file cannot be used, or the MQTT client is not installed.
        """
        self._settings = settings
        self._mqtt = settings.mqtt
        self._topics = topics(settings)
        self._model = model
        self._password = None
        if self._mqtt.host:
            require_client()
            self._password = read_password(settings)
            if not self._mqtt.tls:
                log.warning("[mqtt] tls is off: counts, and the password, can be read on the way")
        self._backoff = Backoff(self._mqtt.max_backoff_s, random)
        self._clock = clock
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._pause = pause or self._closing.wait
        self._state: Literal["off", "idle", "sending", "retrying"] = "off"
        self._thread: threading.Thread | None = None
        self.damaged = False
        """Whether the database turned out to be damaged; whoever owns it has to replace it."""

    @property
    def state(self) -> Literal["off", "idle", "sending", "retrying"]:
        """What it does now."""
        return self._state

    def start(self) -> None:
        """Start the thread, once; without a broker do nothing."""
        if self._mqtt.host:
            self._state = "sending"
            self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at the outbox now; to be called after a window was closed."""
        self._wake.set()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Say good-bye and end the thread; waits at most ``timeout_s`` seconds for that."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with Store.open(self._settings.store.path) as store:
                    self._connect_and_serve(store)
            except Exception as error:  # a locked or full database passes; a dead thread would go unnoticed
                self.damaged = self.damaged or tells_of_damage(error)
                log.exception("mqtt: unexpected error")
                self._retry_later()
        self._state = "off"

    def _connect_and_serve(self, store: Store) -> None:
        site = self._settings.site
        try:
            connection = Connection(
                self._mqtt, f"maitred-{site.name}-{site.device}", self._password,
                self._topics["availability"], self._wake.set,
            )  # fmt: skip
        except ConnectionLost as error:
            self._failed(store, str(error))
            return
        try:
            self._serve(store, connection)
        except (ConnectionLost, Refused) as error:
            self._failed(store, str(error))
        finally:
            with contextlib.suppress(OSError, ValueError):
                connection.close()

    def _serve(self, store: Store, connection: Connection) -> None:
        log.info("mqtt: connected to %s:%d", self._mqtt.host, self._mqtt.port)
        if self._mqtt.discovery:
            self._tell(connection, "discovery", json.dumps(discovery(self._settings, self._model)))
        self._tell(connection, "availability", ONLINE)
        told = ""
        while not self._closing.is_set():
            connection.check()
            queued = store.outbox.next() if self._settings.mqtt_carries_events else []
            if queued:
                self._deliver(queued[0], store, connection)
                continue
            told = self._tell_state(store, connection, told)
            self._state = "idle"
            if not self._wake.wait(IDLE_S):
                self._backoff.reset()  # the connection has held
            self._wake.clear()

    def _tell_state(self, store: Store, connection: Connection, told: str) -> str:
        now = self._clock()
        text = json.dumps(state(store.windows.between(now - LOOK_BACK_S, now), self._settings, now))
        if text != told:
            self._tell(connection, "state", text)
        return text

    def _tell(self, connection: Connection, what: str, text: str) -> None:
        try:
            connection.publish(self._topics[what], text, retain=True)
        except Refused as refusal:  # a broker that wants no discovery may want the events all the same
            log.warning("mqtt: the broker takes nothing on %s: %s", self._topics[what], refusal)

    def _deliver(self, event: Queued, store: Store, connection: Connection) -> None:
        self._state = "sending"
        try:
            connection.publish(self._topics["census"], event.body, content_type=SINGLE)
        except Refused as refusal:
            if not refusal.for_good:
                raise
            with store.transaction():
                store.outbox.rejected(event.id, self._clock(), f"broker: {refusal}")
            log.error("mqtt: the broker refuses %s: %s; it is kept, but not sent again", event.id, refusal)
        else:
            with store.transaction():
                store.outbox.delivered(event.id, self._clock())
            log.info("mqtt: delivered %s after %d failed attempts", event.id, event.attempts)
        self._backoff.reset()

    def _failed(self, store: Store, reason: str) -> None:
        if self._closing.is_set():
            return
        log.warning("mqtt: %s", reason)
        if self._settings.mqtt_carries_events:
            for event in store.outbox.next():
                store.outbox.failed(event.id, reason)
        self._retry_later()

    def _retry_later(self) -> None:
        self._state = "retrying"
        seconds = self._backoff.next()
        log.info("mqtt: trying again in %.0f s", seconds)
        self._pause(seconds)


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
