"""The worker: the thread that empties the outbox into a sink."""

from __future__ import annotations

import contextlib
import logging
import random as random_module
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from edge.store import QueuedEvent, Store
from edge.store.database import means_damage
from edge.system.backoff import Backoff
from edge.system.redaction import redact
from edge.uplink.sink import DeliveryOutcome, Sink, SinkUnavailable, Verdict

log = logging.getLogger(__name__)

State = Literal["off", "idle", "sending", "retrying", "stopped"]
Answer = TypeVar("Answer")
READY_S = 5.0
"""A sink that is not ready is asked again after so many seconds."""
IDLE_S = 60.0
"""The outbox is looked at so often even if nobody calls `wake`."""


class OutboxWorker:
    """Delivers queued events oldest first, several at a time if the sink takes them, at least once each, for ever.

    An event that cannot be delivered holds back those behind it, so a device's windows arrive in order; one that the
    sink rejects is set aside. A batch that it rejects is delivered again event by event, to find the culprit. Whatever
    goes wrong, in the store or in the sink, is logged and tried again after a pause.
    """

    def __init__(
        self,
        sink: Sink,
        database: Path,
        *,
        name: str,
        carries_events: bool = True,
        random: Callable[[], float] = random_module.random,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Prepare, without starting.

        Args:
            sink: where events go.
            database: the store's file; the thread opens a connection of its own.
            name: what to call the sink in the log.
            carries_events: False to leave the outbox alone, because another worker empties it.
            random: uniform in 0..1, for the jitter.
            clock: unix seconds.
            pause: waits so many seconds between attempts, or until :meth:`stop`; for tests.
        """
        self.sink = sink
        self.name = name
        self._database = database
        self._carries_events = carries_events
        self._one_by_one = 0  # so many events go out alone before the next batch
        self._connected = False
        self._backoff = Backoff(sink.longest_pause_s, random)
        self._clock = clock
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._pause = pause or self._closing.wait
        self._state: State = "off"
        self._thread: threading.Thread | None = None
        self.damaged = False
        """Whether the database turned out to be damaged; its owner has to replace it."""
        sink.wake = self.wake

    @property
    def state(self) -> State:
        """What it does now: "off" without a thread, "stopped" for good by the sink."""
        return self._state

    def start(self) -> None:
        """Start the thread, once."""
        self._state = "sending"
        # A daemon: a request in flight must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name=f"sink {self.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox now; to be called after an event was queued. A pause between attempts is not cut short."""
        self._wake.set()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread; waits at most ``timeout_s`` seconds for a request in flight and for the sink to close."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def attempt(self, store: Store) -> bool:
        """Try once to deliver what is queued longest, and pause if that failed; False if nothing is queued."""
        if not self._carries_events:
            return False
        events = store.outbox.next(1 if self._one_by_one else max(1, self.sink.batch))
        if not events:
            return False
        self._state = "sending"
        try:
            outcome = self._ask(lambda: self.sink.deliver(events, self._clock()))
        except SinkUnavailable as error:
            outcome = DeliveryOutcome(Verdict.RETRY, str(error))
        if not isinstance(outcome, DeliveryOutcome):  # a plug-in may give anything; that is no acknowledgement
            outcome = DeliveryOutcome(Verdict.RETRY, f"deliver gave {outcome!r}, which is no DeliveryOutcome")
        self._settle(events, outcome, store)
        return True

    def _run(self) -> None:
        while not self._over:
            try:
                with Store.open(self._database) as store:
                    self._serve(store)
            except Exception as error:  # a locked or full database passes; a dead thread would go unnoticed
                self.damaged = self.damaged or means_damage(error)
                self._state = "retrying"
                seconds = self._backoff.next()
                log.exception("%s: unexpected error; trying again in %.0f s", self.name, seconds)
                self._pause(seconds)
        if self._state != "stopped":
            self._state = "off"

    @property
    def _over(self) -> bool:
        return self._closing.is_set() or self._state == "stopped"

    def _serve(self, store: Store) -> None:
        try:
            while not self._over:
                try:
                    self._turn(store)
                except SinkUnavailable as error:
                    self._failed(DeliveryOutcome(Verdict.RETRY, str(error)), store)
        finally:
            self._disconnect()

    def _turn(self, store: Store) -> None:
        if not self._ask(self.sink.ready):
            self._state = "idle"
            self._closing.wait(READY_S)
        elif not self.attempt(store):
            now, look_back_s = self._clock(), self.sink.look_back_s
            windows = store.windows.between(now - look_back_s, now) if look_back_s else []
            self._ask(lambda: self.sink.idle(windows, now))
            self._state = "idle"
            if not self._wake.wait(IDLE_S):
                self._backoff.reset()  # what there is of a connection has held
            self._wake.clear()

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Call the sink, connected.

        Raises:
            SinkUnavailable: it raised whatever it raised. Errors of the store are never among these.
        """
        try:
            if not self._connected:
                self.sink.connect()
                self._connected = True
            return question()
        except SinkUnavailable:
            raise
        except (Exception, SystemExit) as error:  # a plug-in may raise anything
            log.exception("%s: unexpected error of the sink", self.name)
            raise SinkUnavailable(redact(f"{type(error).__name__}: {error}")) from error

    def _settle(self, events: Sequence[QueuedEvent], outcome: DeliveryOutcome, store: Store) -> None:
        first = events[0]
        match outcome.verdict:
            case Verdict.ACKNOWLEDGED:
                with store.transaction():
                    for event in events:
                        store.outbox.mark_delivered(event.id, self._clock())
                self._settled(len(events))
                more = f" and {len(events) - 1} more" if len(events) > 1 else ""
                log.info("%s: delivered %s%s after %d failed attempts", self.name, first.id, more, first.attempts)
            case Verdict.REJECTED if len(events) > 1:
                self._one_by_one = len(events)
                log.warning("%s: a batch is refused (%s); sending its events one by one", self.name, outcome.reason)
            case Verdict.REJECTED:
                with store.transaction():
                    store.outbox.mark_rejected(first.id, self._clock(), outcome.reason)
                self._settled(1)
                log.error("%s: %s is refused: %s; it is kept, but not sent again", self.name, first.id, outcome.reason)
            case Verdict.STOP:
                store.outbox.mark_failed(first.id, outcome.reason)
                self._state = "stopped"
                log.error("%s: no more events are wanted (%s); sending stops until restart", self.name, outcome.reason)
            case Verdict.RETRY:
                self._failed(outcome, store)

    def _settled(self, events: int) -> None:
        self._one_by_one = max(0, self._one_by_one - events)
        self._backoff.reset()

    def _failed(self, outcome: DeliveryOutcome, store: Store) -> None:
        """Note why, pause, and give the connection up so that the next attempt begins with a new one."""
        if self._carries_events:
            for event in store.outbox.next():
                store.outbox.mark_failed(event.id, outcome.reason)
        self._state = "retrying"
        seconds = self._backoff.next(outcome.retry_after_s)
        log.warning("%s: %s; trying again in %.0f s", self.name, outcome.reason, seconds)
        self._pause(seconds)
        self._disconnect()

    def _disconnect(self) -> None:
        self._connected = False
        with contextlib.suppress(Exception):  # a plug-in may raise anything, and there is nothing left to do about it
            self.sink.close()
