"""What an endpoint's answer means for an event. docs/cloud.md has the same table, for people who write endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from edge.system.redaction import without_secrets
from edge.uplink.sink import DeliveryOutcome, Verdict

REASON_LENGTH = 200


@dataclass(frozen=True)
class HttpOutcome(DeliveryOutcome):
    """The outcome of a request.

    Attributes:
        status: HTTP status; 0 if there was no answer.
    """

    status: int = 0

    @property
    def refuses_form(self) -> bool:
        """Whether the endpoint may have refused the compression of the request."""
        return 400 <= self.status < 500 and self.status not in (408, 409, 410, 429)


RETRIED = frozenset({401, 403, 404, 405, 407, 408, 421, 425, 426, 429})
"""4xx that are about the address, the secret, the clock or the moment. All of these can be corrected, and then the
event is accepted; the other 4xx are about the event itself and would be the same for ever."""


def judge(status: int, headers: Mapping[str, str], detail: str, now: float) -> HttpOutcome:
    """The outcome of an answer.

    Args:
        status: HTTP status.
        headers: of the answer. The mapping should ignore upper and lower case in names, as that of requests does.
        detail: beginning of its body, as it arrived; it becomes part of the reason.
        now: unix seconds, for a ``Retry-After`` that is a date.
    """
    if 200 <= status < 300 or status == 409:
        return HttpOutcome(Verdict.ACKNOWLEDGED, status=status)
    detail = _printable(detail)
    reason = f"HTTP {status}: {detail}" if detail else f"HTTP {status}"
    if status == 410:
        return HttpOutcome(Verdict.STOP, reason, status=status)
    if 300 <= status < 400:
        target = _printable(without_secrets(headers.get("Location", ""))) or "nowhere"
        reason = (
            f"HTTP {status} redirects to {target}; redirects are not followed, set [uplink] url to the final address"
        )
    elif 400 <= status < 500 and status not in RETRIED:
        return HttpOutcome(Verdict.REJECTED, reason, status=status)
    return HttpOutcome(Verdict.RETRY, reason, _retry_after(headers.get("Retry-After", ""), now), status=status)


def _retry_after(value: str, now: float) -> float:
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _printable(text: str) -> str:
    """On one line and without control characters: the text comes from outside and goes to the log."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())[:REASON_LENGTH]
