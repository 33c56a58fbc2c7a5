"""The sender: the thread that empties the outbox."""

from __future__ import annotations

import logging
import random as random_module
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from edge.config.uplink import Uplink
from edge.store import Queued, Store
from edge.store.database import tells_of_damage
from edge.system.backoff import Backoff
from edge.uplink.endpoint import Endpoint
from edge.uplink.outcome import Outcome, Verdict

log = logging.getLogger(__name__)

State = Literal["off", "idle", "sending", "retrying", "stopped"]
CLOCK_S = 5.0
"""While the time is not known, it is asked so often whether it is."""
IDLE_S = 60.0
"""The outbox is looked at so often even if nobody calls `wake`."""


class Sender:
    """Delivers queued events oldest first, several in one request, at least once each, and never gives up.

    An event that cannot be delivered holds back those behind it, so the endpoint sees a device's windows in order; one
    that the endpoint rejects is set aside. A batch that it rejects is sent again event by event, to find the culprit.
    Whatever goes wrong is logged and tried again after a pause.
    """

    def __init__(
        self,
        uplink: Uplink,
        database: Path,
        *,
        random: Callable[[], float] = random_module.random,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], object] | None = None,
        may_sign: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare, without starting.

        Args:
            uplink: with an empty ``url`` the sender stays "off".
            database: the store's file; the thread opens a connection of its own.
            random: uniform in 0..1, for the jitter.
            clock: unix seconds.
            pause: waits so many seconds between retries, or until :meth:`stop`; for tests.
            may_sign: whether the time is known. A signature holds it, so nothing is sent before.

        Raises:
            BadInput: the secret file cannot be used.
        """
        self._endpoint = Endpoint.from_settings(uplink) if uplink.url else None
        self._database = database
        self._batch = uplink.batch
        self._singly = 0  # so many events go out one by one before the next batch
        self._backoff = Backoff(uplink.max_backoff_s, random)
        self._clock = clock
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._pause = pause or self._closing.wait
        self._state: State = "off"
        self._may_sign = may_sign
        self._thread: threading.Thread | None = None
        self.damaged = False
        """Whether the database turned out to be damaged; whoever owns it has to replace it."""
        if uplink.url.startswith("http://"):
            log.warning("[uplink] url is not https: counts travel signed, but readable on the way")

    @property
    def state(self) -> State:
        """What it does now: "off" without an endpoint or a thread, "stopped" for good by the endpoint."""
        return self._state

    def start(self) -> None:
        """Start the thread, once; without an endpoint do nothing."""
        if self._endpoint is None:
            return
        self._state = "idle"
        # A daemon: a request in flight must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox now; to be called after an event was queued. A pause between retries is not cut short."""
        self._wake.set()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread; waits at most ``timeout_s`` seconds for a request in flight."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def attempt(self, store: Store) -> bool:
        """Try once to deliver what is queued longest, and pause if that failed; False if nothing is queued."""
        events = store.outbox.next(1 if self._singly else self._batch)
        if not events or self._endpoint is None:
            return False
        self._deliver(events, store, self._endpoint)
        return True

    def _run(self) -> None:
        while not self._closing.is_set() and self._state != "stopped":
            try:
                with Store.open(self._database) as store:
                    self._serve(store)
            except Exception as error:  # a locked or full database passes; a dead thread would go unnoticed
                self.damaged = self.damaged or tells_of_damage(error)
                self._state = "retrying"
                seconds = self._backoff.next()
                log.exception("uplink: unexpected error; trying again in %.0f s", seconds)
                self._pause(seconds)
        if self._state != "stopped":
            self._state = "off"

    def _serve(self, store: Store) -> None:
        while not self._closing.is_set() and self._state != "stopped":
            if not self._may_sign():
                self._state = "idle"
                self._closing.wait(CLOCK_S)
            elif not self.attempt(store):
                self._state = "idle"
                self._wake.wait(IDLE_S)
                self._wake.clear()

    def _deliver(self, events: Sequence[Queued], store: Store, endpoint: Endpoint) -> None:
        self._state = "sending"
        outcome = endpoint.post(events, self._clock())
        # A 409 for a batch does not tell which event was known, and whether the others were taken.
        if len(events) > 1 and (outcome.verdict == Verdict.REJECTED or outcome.status == 409):
            self._split(outcome, events)
            return
        first = events[0]
        match outcome.verdict:
            case Verdict.ACKNOWLEDGED:
                with store.transaction():
                    for event in events:
                        store.outbox.delivered(event.id, self._clock())
                self._settled(len(events))
                more = f" and {len(events) - 1} more" if len(events) > 1 else ""
                log.info("uplink: delivered %s%s after %d failed attempts", first.id, more, first.attempts)
            case Verdict.REJECTED:
                with store.transaction():
                    store.outbox.rejected(first.id, self._clock(), outcome.reason)
                self._settled(1)
                log.error(
                    "uplink: the endpoint rejects %s: %s; it is kept, but not sent again", first.id, outcome.reason
                )
            case Verdict.STOP:
                store.outbox.failed(first.id, outcome.reason)
                self._state = "stopped"
                log.error("uplink: the endpoint wants no more events (%s); sending stops until restart", outcome.reason)
            case Verdict.RETRY:
                store.outbox.failed(first.id, outcome.reason)
                self._state = "retrying"
                seconds = self._backoff.next(outcome.retry_after_s)
                log.warning("uplink: %s; trying again in %.0f s", outcome.reason, seconds)
                self._pause(seconds)

    def _settled(self, events: int) -> None:
        self._singly = max(0, self._singly - events)
        self._backoff.reset()

    def _split(self, outcome: Outcome, events: Sequence[Queued]) -> None:
        self._singly = len(events)
        if outcome.status == 415:  # no kind of batch is welcome
            self._batch = 1
        reason = outcome.reason or f"HTTP {outcome.status}"
        log.warning("uplink: the endpoint refuses a batch (%s); sending its events one by one", reason)
