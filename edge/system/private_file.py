"""Reading files that hold a secret. A file that other users can read is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edge.errors import BadInput

LARGEST = 4096
"""Bytes that a file may have; no secret is longer."""


def read_private(path: Path, what: str, *, group: bool = False) -> bytes:
    """The content of ``path``, a regular file of at most LARGEST bytes that no other user can reach.

    Args:
        path: the file. In a folder that systemd made for the unit's credentials every mode is accepted: systemd lets
            the unit's user in by an access control list, whose mask looks like a right of the group.
        what: names the content in errors ("the broker's password").
        group: whether the file's group may read it.

    Raises:
        BadInput: the file is missing, unreadable, not a regular file, too long, or open to others. No message holds its
            content.
    """
    try:
        # Non-blocking, because opening a named pipe would otherwise wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 (of a descriptor)
            # The status of the open file, not of the path, so that the file that is checked is the file that is read.
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadInput(f"{path}: not a regular file; it must hold {what}")
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; it must hold {what}") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot read {what} ({error.strerror})") from error
    if len(content) > LARGEST:
        raise BadInput(f"{path}: too long for {what}")
    if stat.S_IMODE(status.st_mode) & (0o027 if group else 0o077) and not _is_credential(path):
        raise BadInput(f"{path}: other users can reach {what}; run: chmod {640 if group else 600} {path}")
    return content


def _is_credential(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.absolute().parent == Path(str(folder))
