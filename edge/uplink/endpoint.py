"""The HTTP endpoint: one attempt to deliver one event or several."""

from __future__ import annotations

import gzip
import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace

import requests

from edge.config.uplink import Uplink
from edge.errors import BadInput
from edge.store.outbox import QueuedEvent
from edge.system.redaction import conceal, redact
from edge.uplink.outcome import HttpOutcome, judge
from edge.uplink.secret import Signer, read_secrets, secret_path
from edge.uplink.sink import Verdict

log = logging.getLogger(__name__)
SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
BATCHES = uuid.UUID("5f0a3c0e-54d7-4d0c-9b5b-0f3e6e9b0a57")
"""Namespace of the ids of batches."""
WORTH_COMPRESSING = 1024
DETAIL_BYTES = 300


class Endpoint:
    """Signs and posts events. TLS certificates are verified, redirects are not followed."""

    def __init__(self, url: str, signer: Signer, timeout_s: float, *, compress: bool = True, ca: str = "") -> None:
        self._url = url
        self._signer = signer
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._verify = ca or True
        self._compress = compress

    @classmethod
    def from_settings(cls, uplink: Uplink) -> Endpoint:
        """The endpoint of ``uplink``, whose ``url`` is set.

        Raises:
            BadInput: the secret file or the file of certificates cannot be used.
        """
        signer = Signer(read_secrets(secret_path(uplink.secret_file)))
        return cls(uplink.url, signer, uplink.timeout_s, compress=uplink.gzip, ca=authorities(uplink))

    def post(self, events: Sequence[QueuedEvent], now: float) -> HttpOutcome:
        """Post ``events`` once, signed as of ``now`` (unix seconds). No connection is an outcome, not an error."""
        body = events[0].body if len(events) == 1 else f"[{','.join(event.body for event in events)}]"
        message_id = _message_id(events)
        headers = {
            "Content-Type": SINGLE if len(events) == 1 else BATCH,
            "User-Agent": "maitred",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now)),
            # Of the text before compression: some web frameworks show a handler the one, some the other.
            "webhook-signature": self._signer.sign(message_id, now, body),
        }
        data = body.encode()
        if self._compress and len(data) >= WORTH_COMPRESSING:
            outcome = self._attempt(gzip.compress(data, mtime=0), headers | {"Content-Encoding": "gzip"}, now)
            if not outcome.refuses_form:
                return outcome
            plain = self._attempt(data, headers, now)
            if plain.status != outcome.status:  # else it was not about the compression
                log.warning("https: %s; from now on without compression", outcome.reason)
                self._compress = False
            return plain
        return self._attempt(data, headers, now)

    def _attempt(self, data: bytes, headers: dict[str, str], now: float) -> HttpOutcome:
        try:
            with self._session.post(
                self._url,
                data=data,
                headers=headers,
                timeout=self._timeout_s,
                verify=self._verify,
                allow_redirects=False,
                stream=True,  # only the beginning of an answer is read, however long it is
            ) as answer:
                detail = "" if answer.ok else conceal(_beginning(answer), self._url)
                outcome = judge(answer.status_code, answer.headers, detail, now)
                return replace(outcome, reason=conceal(outcome.reason, self._url))
        except requests.Timeout:
            return HttpOutcome(Verdict.RETRY, f"no answer within {self._timeout_s:g} s")
        except requests.RequestException as error:
            return HttpOutcome(Verdict.RETRY, _describe(error))


def authorities(uplink: Uplink) -> str:
    """Path of the certificates of the authorities that are trusted for the endpoint; empty for those of the system.

    Raises:
        BadInput: there is no such file.
    """
    if uplink.ca_file is None:
        return ""
    if not uplink.ca_file.is_file():
        raise BadInput(f"{uplink.ca_file}: no such file; [uplink] ca_file takes certificates of authorities (PEM)")
    return str(uplink.ca_file)


def _message_id(events: Sequence[QueuedEvent]) -> str:
    """The same for the same events and for no others: an endpoint may know a shorter batch that begins alike."""
    if len(events) == 1:
        return events[0].id
    return str(uuid.uuid5(BATCHES, " ".join(event.id for event in events)))


def _beginning(answer: requests.Response) -> str:
    try:
        start: bytes = next(answer.iter_content(DETAIL_BYTES), b"")
    except requests.RequestException:
        return ""  # the status is known, and that is what counts
    return start.decode("utf-8", "replace")


def _describe(error: requests.RequestException) -> str:
    """The cause without the URL, which may contain a token."""
    if isinstance(error, ValueError):
        return f"[uplink] url cannot be used ({type(error).__name__})"
    cause = error.args[0] if error.args else type(error).__name__
    cause = getattr(cause, "reason", cause)
    return redact(f"cannot connect: {cause}")
