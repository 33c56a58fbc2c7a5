"""Checks whether a request is as docs/cloud.md describes it, before anything of it is stored."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from edge.errors import MaitredError
from edge.uplink.endpoint import BATCH, SINGLE

MOST_BYTES = 8_000_000
"""Largest size of a request's text after decompression, in bytes."""
SHOWN_FAULTS = 3


class RequestRefused(Exception):
    """The request is refused. ``status`` is the HTTP status of the answer, and the message is its body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Event:
    """A valid event: its sender, its id, the end of its window (RFC 3339), and its exact text."""

    source: str
    id: str
    time: str
    body: str


class RequestCheck:
    """Checks signature, time, form and content of requests.

    Args:
        secrets: a request must be signed with one of these.

    Raises:
        MaitredError: the package that validates schemas is not installed.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        try:
            from jsonschema_rs import Draft202012Validator
        except ImportError as error:
            raise MaitredError("the receiver needs a few more packages: pip install 'maitred[cloud]'") from error
        schema = json.loads(resources.files(__package__).joinpath("census-window-v1.json").read_text(encoding="utf-8"))
        self._validator = Draft202012Validator(schema, validate_formats=True)
        self._webhooks = [Webhook(secret) for secret in secrets]

    def events(self, headers: Mapping[str, str], data: bytes) -> list[Event]:
        """The events of a request with the body ``data``.

        Args:
            headers: values by name; the names are in lower case.
            data: the body as it was received; it may be compressed.

        Raises:
            RequestRefused: the request is not as the documentation describes it.
        """
        text = _decompressed(headers, data)
        self._verify(headers, text)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (SINGLE, BATCH):
            raise RequestRefused(415, f"Content-Type is {kind or 'missing'}; expected {SINGLE} or {BATCH}")
        try:
            document = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise RequestRefused(400, f"not JSON: {error}") from error
        documents = document if kind == BATCH else [document]
        if not isinstance(documents, list):
            raise RequestRefused(400, f"{BATCH} takes a JSON array of events")
        events = [self._event(item) for item in documents]
        if kind == SINGLE and headers["webhook-id"] != events[0].id:
            raise RequestRefused(422, "webhook-id is not the id of the event")
        return events

    def _verify(self, headers: Mapping[str, str], text: bytes) -> None:
        reason = "no signature"
        for webhook in self._webhooks:
            try:
                webhook.verify(text, dict(headers), json_parse=False)
                return
            except WebhookVerificationError as error:
                reason = str(error)
            except (ValueError, OverflowError):
                reason = "malformed signature headers"
        raise RequestRefused(401, f"{reason}; compare the secrets and clocks of both sides")

    def _event(self, document: Any) -> Event:
        faults = list(islice(self._validator.iter_errors(document), SHOWN_FAULTS))
        if faults:
            problems = "; ".join(f"{_place(fault.instance_path)}: {fault.message[:200]}" for fault in faults)
            raise RequestRefused(422, f"not an event as published: {problems}")
        # The text of one event, as a device writes it, also if it came in a batch.
        body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
        return Event(document["source"], document["id"], document["time"], body)


def _decompressed(headers: Mapping[str, str], data: bytes) -> bytes:
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        text = data
    elif coding == "gzip":
        # At most MOST_BYTES + 1 bytes are decompressed, however strongly the data were compressed.
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            text = inflater.decompress(data, MOST_BYTES + 1)
        except zlib.error as error:
            raise RequestRefused(400, "not in gzip format") from error
        if len(text) <= MOST_BYTES and not inflater.eof:
            raise RequestRefused(400, "the gzip data is cut off")
    else:
        raise RequestRefused(415, f"Content-Encoding is {coding}; expected gzip or none")
    if len(text) > MOST_BYTES:
        raise RequestRefused(413, f"more than {MOST_BYTES} bytes; send fewer events at once")
    return text


def _place(path: Sequence[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
