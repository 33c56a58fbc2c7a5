"""All that leaves the device by itself: the workers that a configuration asks for."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge.config.settings import Settings
from edge.uplink.outbox_worker import OutboxWorker, State
from edge.uplink.registry import open_sink
from edge.uplink.sink import SinkContext


class UplinkWorkers:
    """The worker of the sink that the outbox is emptied to, and, if that is not the MQTT broker, one for the broker:
    Home Assistant is shown the counts whichever way the events take.

    Raises:
        BadInput: a sink cannot be used as configured.
    """

    def __init__(self, settings: Settings, model: str, time_is_known: Callable[[], bool] = lambda: True) -> None:
        """Prepare, without starting.

        Args:
            settings: without an endpoint, a broker and a sink there is nothing to do.
            model: name and version of the model that estimates age and gender.
            time_is_known: whether the device's clock can be trusted now.
        """
        context = SinkContext(settings, settings.sink.options, model, time_is_known)
        names = [settings.carrier] if settings.carrier else []
        if settings.mqtt.host and settings.carrier != "mqtt":
            names.append("mqtt")
        self._workers = [
            OutboxWorker(
                open_sink(name, context), settings.store.path, name=name, carries_events=name == settings.carrier
            )
            for name in names
        ]

    @property
    def state(self) -> State:
        """What the worker that empties the outbox does now; "off" if events do not leave the device."""
        return self._workers[0].state if self._workers else "off"

    @property
    def damaged(self) -> bool:
        """Whether one of them found the database damaged; its owner has to replace it."""
        return any(worker.damaged for worker in self._workers)

    def start(self) -> None:
        """Start their threads, once."""
        for worker in self._workers:
            worker.start()

    def wake(self) -> None:
        """Look at the outbox now; to be called after a window was closed."""
        for worker in self._workers:
            worker.wake()

    def stop(self, timeout_s: float = 4.0) -> None:
        """End the threads: all are asked first, and then waited for, together at most ``timeout_s`` seconds."""
        deadline_s = time.monotonic() + timeout_s
        for worker in self._workers:
            worker.stop(0.0)
        for worker in self._workers:
            worker.stop(max(0.0, deadline_s - time.monotonic()))
