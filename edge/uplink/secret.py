"""The signing secret, read from a file that only the agent can read."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from standardwebhooks import Webhook

from edge.errors import BadInput

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as Standard Webhooks has them."""


def read_secret(path: Path) -> Webhook:
    """The signer with the secret in ``path``: one line, ``whsec_`` and 24 to 64 bytes in base64.

    Raises:
        BadInput: the file is missing, unreadable, open to other users, empty or malformed. No message holds any of its
            content.
    """
    try:
        with path.open("rb") as file:
            # Of the open file, not of the path: what is checked is what is read.
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(1024)
    except FileNotFoundError as error:
        raise BadInput(
            f"{path}: no such file; put the signing secret of the endpoint (whsec_…) there, or set [uplink] secret_file"
        ) from error
    except OSError as error:
        raise BadInput(f"{path}: cannot read the signing secret ({error.strerror}); the agent must own it") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise BadInput(f"{path}: other users can reach the signing secret; run: chmod 600 {path}")
    return Webhook(_decode(content, path))


def _decode(content: bytes, path: Path) -> bytes:
    text = content.strip()
    if not text:
        raise BadInput(f"{path}: empty; it must hold the signing secret of the endpoint (whsec_…)")
    form = f"{path}: not a signing secret; expected one line, {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64"
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
