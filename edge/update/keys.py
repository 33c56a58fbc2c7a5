"""Ed25519 signatures of updates, by libsodium (PyNaCl). Keys are lines of text: ``maitred-ed25519 BASE64 comment``."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from edge.errors import BadInput
from edge.system.private_file import read_private

PUBLIC, SECRET = "maitred-ed25519", "maitred-ed25519-secret"
KEYS = Path("/usr/share/maitred/update.pub")
"""File with the keys that a device trusts. It is on the read-only root, where no update can change it."""
LARGEST_KEYS = 1 << 16


def make_keys(comment: str) -> tuple[str, str]:
    """A new pair of keys as two lines: the secret one, and the public one for devices."""
    key = SigningKey.generate()
    public, secret = (base64.b64encode(part).decode() for part in (bytes(key.verify_key), bytes(key)))
    return f"{SECRET} {secret} {comment}\n", f"{PUBLIC} {public} {comment}\n"


def read_signing_key(path: Path) -> SigningKey:
    """The secret key in ``path``.

    Raises:
        BadInput: the file holds no key, cannot be read, or can be read by other users.
    """
    lines = read_private(path, "the key that signs updates").decode(errors="replace").splitlines()
    (seed,) = _decoded(path, lines, SECRET) or [b""]
    if len(seed) != 32:
        raise BadInput(f"{path}: no secret key; make a pair with: python3 firmware_config/release.py keys")
    return SigningKey(seed)


def read_trusted(path: Path) -> list[VerifyKey]:
    """The public keys in ``path``, one per line. There are several while a new key replaces an old one.

    Raises:
        BadInput: there is none, or a line is not a key.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(LARGEST_KEYS).decode(errors="replace").splitlines()
    except OSError as error:
        raise BadInput(
            f"{path}: no key to check updates with ({error.strerror}), so no update is installed; build.sh --update-key"
            " FILE makes an image with a key, and install.sh --update-key FILE puts one on a running system"
        ) from error
    keys = [VerifyKey(key) for key in _decoded(path, lines, PUBLIC)]
    if not keys:
        raise BadInput(f"{path}: holds no key, so no update is installed; a key is a line: {PUBLIC} BASE64 comment")
    return keys


def sign(key: SigningKey, content: bytes) -> bytes:
    """The detached signature in base64, with a line end."""
    return base64.b64encode(key.sign(content).signature) + b"\n"


def is_signed(content: bytes, signature: bytes, keys: list[VerifyKey]) -> bool:
    """Whether ``signature`` is that of one of ``keys`` over ``content``."""
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 64:
        return False
    for key in keys:
        try:
            key.verify(content, raw)
        except BadSignatureError:
            continue
        return True
    return False


def _decoded(path: Path, lines: list[str], word: str) -> list[bytes]:
    keys = []
    for line in lines:
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        try:
            if parts[0] != word:
                raise ValueError(f"a line begins with {parts[0][:40]!r}")
            key = base64.b64decode(parts[1], validate=True)
            if len(key) != 32:
                raise ValueError(f"a key has {len(key)} bytes, not 32")
        except (ValueError, IndexError) as error:
            # The message does not quote the line, which may be a secret key in the wrong place.
            raise BadInput(f"{path}: a line is not a key ({error}); it must be: {word} BASE64 comment") from error
        keys.append(key)
    return keys
