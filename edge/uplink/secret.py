"""The signing secrets, from a file that only the agent can read or from systemd's credentials."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from edge.errors import BadInput
from edge.system.private_file import read_private

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as Standard Webhooks has them."""
MOST_SECRETS = 4
CREDENTIAL = "uplink-secret"
"""Name of the systemd credential that can replace a file."""


class Signer:
    """Signs with every secret: an endpoint that knows one of them accepts. No event is lost when a secret changes."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._webhooks = [Webhook(secret) for secret in secrets]

    def sign(self, message_id: str, now: float, body: str) -> str:
        """The ``webhook-signature`` header for ``body`` as of ``now`` (unix seconds)."""
        # The library signs the local time of any zone as if it were UTC, so it gets UTC.
        moment = datetime.fromtimestamp(int(now), UTC)
        return " ".join(webhook.sign(message_id, moment, body) for webhook in self._webhooks)


def secret_path(configured: Path | None) -> Path:
    """The file with the secrets: the ``configured`` one, otherwise the credential that systemd passes to the unit.

    Raises:
        BadInput: neither exists.
    """
    if configured is not None:
        return configured
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / CREDENTIAL).exists():
        return Path(folder) / CREDENTIAL
    raise BadInput(
        "[uplink] secret_file is not set; name the file with the signing secret (whsec_…), "
        f"or hand it over as the systemd credential {CREDENTIAL}"
    )


def read_secrets(path: Path) -> list[bytes]:
    """The secrets in ``path``: one a line, ``whsec_`` and 24 to 64 bytes in base64; lines with ``#`` are comments.

    Raises:
        BadInput: the file is missing, unreadable, open to other users, empty or malformed. No message contains any of
            its content.
    """
    return parse_secrets(read_private(path, "the signing secret of the endpoint (whsec_…)"), str(path))


def parse_secrets(content: bytes, origin: str) -> list[bytes]:
    """The secrets in the content of such a file; ``origin`` names it in errors.

    Raises:
        BadInput: as :func:`read_secrets`.
    """
    lines = [line.strip() for line in content.splitlines()]
    secrets = [_decode(line, origin) for line in lines if line and not line.startswith(b"#")]
    if not secrets:
        raise BadInput(f"{origin}: empty; it must hold the signing secret of the endpoint (whsec_…)")
    if len(secrets) > MOST_SECRETS:
        raise BadInput(f"{origin}: holds {len(secrets)} secrets; at most {MOST_SECRETS} can be in use at once")
    return secrets


def _decode(text: bytes, origin: str) -> bytes:
    form = f"{origin}: not a signing secret; expected one a line, {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64"
    if not text.startswith(PREFIX.encode()):
        raise BadInput(form)
    try:
        # The library skips characters that are not base64, so a damaged secret would sign wrongly: check here.
        secret = base64.b64decode(text.removeprefix(PREFIX.encode()), validate=True)
    except binascii.Error:
        # Not `from error`: a traceback must not lead to the text.
        raise BadInput(form) from None
    if not SHORTEST <= len(secret) <= LONGEST:
        raise BadInput(f"{form} (this one has {len(secret)} bytes)")
    return secret
