"""The HTTP endpoint: one attempt to hand over one event."""

from __future__ import annotations

from datetime import UTC, datetime

import requests
from standardwebhooks import Webhook

from edge.config.uplink import Uplink
from edge.errors import BadInput
from edge.store.outbox import Queued
from edge.uplink.outcome import Outcome, Verdict, judge
from edge.uplink.secret import read_secret

CONTENT_TYPE = "application/cloudevents+json"
DETAIL_BYTES = 300


class Endpoint:
    """Signs and posts events. TLS certificates are verified, redirects are not followed."""

    def __init__(self, url: str, signer: Webhook, timeout_s: float) -> None:
        self._url = url
        self._signer = signer
        self._timeout_s = timeout_s

    @classmethod
    def from_settings(cls, uplink: Uplink) -> Endpoint:
        """The endpoint of ``uplink``, whose ``url`` is set.

        Raises:
            BadInput: the secret file cannot be used.
        """
        if uplink.secret_file is None:
            raise BadInput("[uplink] secret_file is not set; name the file with the signing secret (whsec_…)")
        return cls(uplink.url, read_secret(uplink.secret_file), uplink.timeout_s)

    def post(self, event: Queued, now: float) -> Outcome:
        """Hand over ``event`` once, signed as of ``now`` (unix seconds). No connection is an outcome, not an error."""
        # The library signs the wall-clock reading of whatever zone it is given as if it were UTC: give it UTC.
        moment = datetime.fromtimestamp(int(now), UTC)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "User-Agent": "maitred",
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": self._signer.sign(event.id, moment, event.body),
        }
        try:
            with requests.post(
                self._url,
                data=event.body.encode(),
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,  # only the beginning of an answer is read, however long it is
            ) as answer:
                detail = "" if answer.ok else _beginning(answer)
                return judge(answer.status_code, answer.headers, detail, now)
        except requests.Timeout:
            return Outcome(Verdict.RETRY, f"no answer within {self._timeout_s:g} s")
        except requests.RequestException as error:
            return Outcome(Verdict.RETRY, _describe(error))


def _beginning(answer: requests.Response) -> str:
    try:
        start: bytes = next(answer.iter_content(DETAIL_BYTES), b"")
    except requests.RequestException:
        return ""  # the status is known, and that is what counts
    return start.decode("utf-8", "replace")


def _describe(error: requests.RequestException) -> str:
    """The cause without the URL, which may hold a token."""
    if isinstance(error, ValueError):
        return f"[uplink] url cannot be used ({type(error).__name__})"
    cause = error.args[0] if error.args else type(error).__name__
    cause = getattr(cause, "reason", cause)
    return f"cannot connect: {cause}"
