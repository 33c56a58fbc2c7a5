"""What an endpoint's answer means for an event. docs/cloud.md has the same table for those who write endpoints."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from edge.system.redaction import shown

REASON_LENGTH = 200


class Verdict(enum.Enum):
    """What becomes of the event."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    RETRY = "retry"
    STOP = "stop"


@dataclass(frozen=True)
class Outcome:
    """A verdict, why, how many seconds the endpoint asked to be left alone (0: it did not ask), and the HTTP status
    (0: no answer).
    """

    verdict: Verdict
    reason: str = ""
    retry_after_s: float = 0.0
    status: int = 0

    @property
    def refuses_form(self) -> bool:
        """Whether it may be the request's compression that is refused."""
        return 400 <= self.status < 500 and self.status not in (408, 409, 410, 429)


RETRIED = frozenset({401, 403, 404, 405, 407, 408, 421, 425, 426, 429})
"""4xx that are about the address, the secret, the clock or the moment. All of that can be set right, and then the event
is still wanted; the other 4xx are about the event itself and would be the same for ever."""


def judge(status: int, headers: Mapping[str, str], detail: str, now: float) -> Outcome:
    """The outcome of an answer.

    Args:
        status: HTTP status.
        headers: of the answer; names in any case if the mapping does not care, as that of requests.
        detail: beginning of its body, as it came; told in the reason.
        now: unix seconds, for a ``Retry-After`` that is a date.
    """
    if 200 <= status < 300 or status == 409:
        return Outcome(Verdict.ACKNOWLEDGED, status=status)
    detail = _printable(detail)
    reason = f"HTTP {status}: {detail}" if detail else f"HTTP {status}"
    if status == 410:
        return Outcome(Verdict.STOP, reason, status=status)
    if 300 <= status < 400:
        target = _printable(shown(headers.get("Location", ""))) or "nowhere"
        reason = (
            f"HTTP {status} redirects to {target}; redirects are not followed, set [uplink] url to the final address"
        )
    elif 400 <= status < 500 and status not in RETRIED:
        return Outcome(Verdict.REJECTED, reason, status=status)
    return Outcome(Verdict.RETRY, reason, _retry_after(headers.get("Retry-After", ""), now), status)


def _retry_after(value: str, now: float) -> float:
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _printable(text: str) -> str:
    """On one line and without control characters: a stranger's text on its way to the log."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())[:REASON_LENGTH]
