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
"""The keys that a device trusts: on its read-only root, where no update can change them."""
LARGEST_KEYS = 1 << 16


def make_keys(comment: str) -> tuple[str, str]:
    """A new pair: the line to keep secret, and the line for devices."""
    key = SigningKey.generate()
    public, secret = (base64.b64encode(part).decode() for part in (bytes(key.verify_key), bytes(key)))
    return f"{SECRET} {secret} {comment}\n", f"{PUBLIC} {public} {comment}\n"


def read_signing_key(path: Path) -> SigningKey:
    """The secret key in ``path``.

    Raises:
        BadInput: it is no key, cannot be read, or other users can read it.
    """
    lines = read_private(path, "the key that signs updates").decode(errors="replace").splitlines()
    (seed,) = _decoded(path, lines, SECRET) or [b""]
    if len(seed) != 32:
        raise BadInput(f"{path}: no secret key; make a pair with: python3 firmware_config/release.py keys")
    return SigningKey(seed)


def read_trusted(path: Path) -> list[VerifyKey]:
    """The public keys in ``path``: one a line, several while one takes the place of another.

    Raises:
        BadInput: there is none.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(LARGEST_KEYS).decode(errors="replace").splitlines()
    except OSError as error:
        raise BadInput(
            f"{path}: no key to check updates with ({error.strerror}), so none is taken; an image is made with"
            " --update-key FILE, and firmware_config/install.sh --update-key FILE puts one on a running system"
        ) from error
    keys = [VerifyKey(key) for key in _decoded(path, lines, PUBLIC)]
    if not keys:
        raise BadInput(f"{path}: holds no key, so no update is taken; a line is: {PUBLIC} BASE64 comment")
    return keys


def sign(key: SigningKey, content: bytes) -> bytes:
    """The detached signature, base64 and a line's end."""
    return base64.b64encode(key.sign(content).signature) + b"\n"


def is_signed(content: bytes, signature: bytes, keys: list[VerifyKey]) -> bool:
    """Whether one of the keys signed it."""
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
    found = []
    for line in lines:
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        try:
            if parts[0] != word:
                raise ValueError(f"a line begins with {parts[0][:40]!r}")
            key = base64.b64decode(parts[1], validate=True)
            if len(key) != 32:
                raise ValueError(f"a key is of {len(key)} bytes, not 32")
        except (ValueError, IndexError) as error:
            # Not the line itself: it may be a secret key in the wrong place.
            raise BadInput(f"{path}: a line is no key ({error}); it must be: {word} BASE64 comment") from error
        found.append(key)
    return found
