"""Files that survive a power cut: the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

SUFFIX = ".new"
"""Of a file that is being written. Whoever finds one may delete it."""


def replace(path: Path, content: bytes, *, mode: int | None = None, owner: tuple[int, int] | None = None) -> None:
    """Put a file with ``content`` at ``path``; on return it is on the disk.

    Args:
        path: its folder must be there.
        content: all of it.
        mode: permission bits; None on a file system that has none.
        owner: user and group; None leaves those of this process.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    partial = path.with_name(path.name + SUFFIX)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 (of a descriptor)
            file.write(content)
            file.flush()
            if owner is not None:
                os.fchown(descriptor, *owner)
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)


def replace_link(path: Path, to: str) -> None:
    """Have a symbolic link to ``to`` at ``path``, in one step: it names the old place or the new one at each moment.

    Raises:
        OSError: it cannot be made; what was there stays.
    """
    partial = path.with_name(path.name + SUFFIX)
    partial.unlink(missing_ok=True)
    partial.symlink_to(to)
    partial.replace(path)
    sync_folder(path.parent)


def replace_and_wipe(path: Path, content: bytes) -> None:
    """As :func:`replace`, and what was at ``path`` before is overwritten: it held a password.

    The old file is held open, so that its blocks are still its own when zeros are written over them. What a card keeps
    of them by its own wear levelling is out of reach.
    """
    with path.open("r+b") as old:
        length = os.fstat(old.fileno()).st_size
        replace(path, content)
        old.write(b"\0" * length)
        old.flush()
        os.fsync(old.fileno())


def remove(path: Path) -> bool:
    """Delete the file, if it is there; whether it was."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Bring a rename or removal in ``folder`` to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
