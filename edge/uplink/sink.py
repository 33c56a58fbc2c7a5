"""What a sink is: the place that the events of closed windows go to.

`https` and `mqtt` are shipped; docs/extending.md says how to write another. A sink only hands events over. The worker
that calls it owns everything else: the thread, the outbox, the order, the pauses between attempts.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge.census.window import Window
from edge.config.settings import Settings
from edge.errors import MaitredError
from edge.store.outbox import QueuedEvent


class SinkUnavailable(MaitredError):
    """A sink cannot be reached now, or does not answer. It is tried again after a pause."""


class Verdict(enum.Enum):
    """What becomes of the events."""

    ACKNOWLEDGED = "acknowledged"
    """They are stored at the other end: the outbox deletes them."""
    REJECTED = "rejected"
    """They will never be taken: each becomes a dead letter, which a person can send again (`maitred resend`)."""
    RETRY = "retry"
    """They are tried again after a pause, for ever."""
    STOP = "stop"
    """Nothing is sent any more until the agent is restarted; the events stay in the outbox."""


@dataclass(frozen=True)
class DeliveryOutcome:
    """What became of one attempt.

    Attributes:
        verdict: what becomes of the events.
        reason: why, for the log and the dashboard; empty if all is well.
        retry_after_s: seconds for which the other end asked to be left alone; 0 if it did not ask.
    """

    verdict: Verdict
    reason: str = ""
    retry_after_s: float = 0.0


class Sink(ABC):
    """Takes events over. All methods are called by one thread, that of the worker; only `deliver` has to be written.

    Attributes:
        batch: at most so many events are handed over at once.
        longest_pause_s: upper bound of the growing pause between attempts, in seconds.
        look_back_s: `idle` is shown the windows that closed within so many seconds; 0 if it needs none.
        wake: may be called from any thread: the worker then comes back at once, for instance to a connection that
            broke. The worker sets it.
    """

    batch: int = 1
    longest_pause_s: float = 900.0
    look_back_s: float = 0.0
    wake: Callable[[], None] = staticmethod(lambda: None)

    def ready(self) -> bool:
        """Whether events may be handed over now; asked while connected, and again after a few seconds if not."""
        return True

    def connect(self) -> None:  # noqa: B027 (many sinks need none)
        """Make a connection: called before anything else, and again after each failure and pause.

        Raises:
            SinkUnavailable: there is none now. Any other exception counts as well, and is logged with its traceback.
        """

    @abstractmethod
    def deliver(self, events: Sequence[QueuedEvent], now: float) -> DeliveryOutcome:
        """Hand over events, oldest first. The next ones are only handed over once these are settled.

        Args:
            events: at least one and at most `batch`. `body` is the JSON text of a CloudEvent; `id` stays the same when
                the event comes again, which it does whenever it is not certain that it has arrived.
            now: unix seconds.

        Returns:
            What became of all of them together. If several are rejected they come again one by one, so that only the
            culprit is set aside.

        Raises:
            SinkUnavailable: the connection is lost; the same as RETRY. Any other exception counts as well, and is
                logged with its traceback.
        """

    def idle(self, windows: Sequence[Window], now: float) -> None:  # noqa: B027 (many sinks need none)
        """Do what is to be done while no event waits: called after each delivery of all, and at least once a minute.

        Args:
            windows: that closed within `look_back_s`, oldest first. They hold counts of any size. What is published of
                them has to pass `edge.census.suppression.disclose`, as the events did.
            now: unix seconds.

        Raises:
            SinkUnavailable: as `connect`.
        """

    def close(self) -> None:  # noqa: B027 (many sinks need none)
        """Give the connection up: called after each failure, even one of `connect`, and in the end."""


@dataclass(frozen=True)
class SinkContext:
    """What a sink is made of.

    Attributes:
        settings: the whole configuration.
        options: the table [sink.options], which is the sink's own.
        model: name and version of the model that estimates age and gender.
        time_is_known: whether the device's clock can be trusted now.
    """

    settings: Settings
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    time_is_known: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class SinkKind:
    """One way for events to leave the device.

    Attributes:
        open: makes the sink, without connecting. It checks the options and raises BadInput if it cannot use them.
        help: where the events go, for messages.
    """

    open: Callable[[SinkContext], Sink]
    help: str
