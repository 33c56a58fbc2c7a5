"""The dashboard's password. Only its scrypt hash is stored, in a file."""

from __future__ import annotations

import re
import stat
import unicodedata
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from edge.errors import BadInput, MaitredError
from edge.system.atomic_files import replace_file
from edge.system.private_file import read_private

METHOD = "scrypt:32768:8:1"
"""Each guess costs 32 MB of memory and, on a Pi, a few tenths of a second."""
SHORTEST, LONGEST = 10, 200
"""Characters of a password."""
# The costs are limited, so that a hash from elsewhere cannot make a log-in use up the memory.
HASH = re.compile(r"scrypt:(16384|32768|65536):8:[1-4]\$[A-Za-z0-9]{8,64}\$[0-9a-f]{128}")


class Password:
    """The password whose hash is in a file.

    Raises:
        BadInput: the file cannot be used; the message names the command that makes one.
    """

    def __init__(self, path: Path) -> None:
        text = read_private(path, "the hash of the dashboard's password", group=True).decode("ascii", "replace").strip()
        if not HASH.fullmatch(text):
            raise BadInput(
                f"{path}: not the hash of a password; make one: maitred dashboard --config FILE --set-password"
            )
        self._hash = text

    def matches(self, attempt: str) -> bool:
        """Whether ``attempt`` is the password, in time that does not depend on how much of it is right."""
        return len(attempt) <= LONGEST and check_password_hash(self._hash, normal(attempt))


def save_password(path: Path, password: str) -> None:
    """Write the hash of ``password``. A new file can be read by its folder's group; an old one keeps owner and mode.

    Raises:
        BadInput: the password is too short or too long.
        MaitredError: the file cannot be written.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}")
    content = f"{generate_password_hash(normal(password), METHOD)}\n".encode("ascii")
    try:
        old = path.stat() if path.exists() else None
        owner = (old.st_uid, old.st_gid) if old else (-1, path.parent.stat().st_gid)
        mode = stat.S_IMODE(old.st_mode) & 0o640 if old else 0o640
        try:
            replace_file(path, content, mode=mode, owner=owner)
        except PermissionError:  # only root may change a file's owner; others keep the file
            replace_file(path, content, mode=mode)
    except OSError as error:
        raise MaitredError(f"{path}: cannot write the password ({error.strerror}); run this as root") from error


def normal(password: str) -> str:
    """``password`` in the one form that is hashed."""
    # Some keyboards type é as one character, others as two.
    return unicodedata.normalize("NFKC", password)
