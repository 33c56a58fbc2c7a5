"""The sink that comes first: an HTTP endpoint, described in docs/cloud.md."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from edge.config.uplink import Uplink
from edge.errors import BadInput
from edge.store.outbox import QueuedEvent
from edge.uplink.endpoint import Endpoint
from edge.uplink.outcome import HttpOutcome
from edge.uplink.sink import Sink, SinkContext, SinkKind, Verdict

log = logging.getLogger(__name__)


class HttpsSink(Sink):
    """Posts events to the endpoint of ``[uplink]``, several in one request.

    Raises:
        BadInput: there is no address, or the secret file or the file of certificates cannot be used.
    """

    def __init__(self, uplink: Uplink, time_is_known: Callable[[], bool] = lambda: True) -> None:
        """Prepare.

        Args:
            uplink: the endpoint.
            time_is_known: a signature holds the time, so nothing is sent before it is known.
        """
        if not uplink.url:
            raise BadInput("[uplink] url is not set: it is the address that events are sent to")
        self._endpoint = Endpoint.from_settings(uplink)
        self.batch = uplink.batch
        self.longest_pause_s = uplink.max_backoff_s
        self._time_is_known = time_is_known
        if uplink.url.startswith("http://"):
            log.warning("[uplink] url is not https: counts travel signed, but readable on the way")

    def ready(self) -> bool:
        """Whether the time is known."""
        return self._time_is_known()

    def deliver(self, events: Sequence[QueuedEvent], now: float) -> HttpOutcome:
        """Post them in one request."""
        outcome = self._endpoint.post(events, now)
        if len(events) > 1:
            if outcome.status == 415:  # no kind of batch is welcome
                self.batch = 1
            if outcome.status == 409:
                # That does not say which event was known already, and whether the others were taken.
                return replace(outcome, verdict=Verdict.REJECTED, reason=outcome.reason or "HTTP 409")
        return outcome


def _open(context: SinkContext) -> HttpsSink:
    return HttpsSink(context.settings.uplink, context.time_is_known)


HTTPS = SinkKind(_open, "the HTTP endpoint of [uplink], signed")
