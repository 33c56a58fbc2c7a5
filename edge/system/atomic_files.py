"""Files that survive a power cut: afterwards either the old file or the new one is there, never half of one.

A new version is written beside the old one, brought to the disk, and then renamed over it. Without the second step a
power cut can leave an empty file: the rename may reach the disk before the content does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".new"
"""Ending of a file that is being written. A power cut may leave one behind, which may be deleted."""


def replace_file(path: Path, content: bytes, *, mode: int | None = None, owner: tuple[int, int] | None = None) -> None:
    """Put a file with ``content`` at ``path``; on return it is on the disk.

    Args:
        path: its folder must exist.
        content: the whole content.
        mode: permission bits; None gives those of any new file (0666 less the umask) and suits a FAT file system,
            which has none.
        owner: user and group; None leaves those of this process.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    with _renamed_to(path) as new:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 (of a descriptor)
            file.write(content)
            file.flush()
            if owner is not None:
                os.fchown(descriptor, *owner)
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)


@contextmanager
def replacement_of(path: Path) -> Iterator[Path]:
    """The path of a new file to write. It takes the place of ``path`` when the block ends without an error.

    For content that some library writes, or that is too large to hold in memory. The file does not exist yet. After an
    error it is deleted, and what was at ``path`` stays.

    Raises:
        OSError: it cannot be written or renamed, or the block wrote no file.
    """
    with _renamed_to(path) as new:
        yield new
        _sync(new, os.O_RDONLY)


def replace_link(path: Path, to: str) -> None:
    """Put a symbolic link to ``to`` at ``path`` in one step: at each moment it leads to the old place or the new one.

    Raises:
        OSError: it cannot be made; what was there stays.
    """
    with _renamed_to(path) as new:
        new.symlink_to(to)


def replace_file_and_wipe_old(path: Path, content: bytes) -> None:
    """Do as :func:`replace_file`, and overwrite the old content with zeros, because it held a password.

    The old file stays open, so that its blocks still belong to it when the zeros are written over them. Copies that the
    card makes for wear levelling are out of reach.
    """
    with path.open("r+b") as old:
        length = os.fstat(old.fileno()).st_size
        replace_file(path, content)
        old.write(b"\0" * length)
        old.flush()
        os.fsync(old.fileno())


def remove_file(path: Path) -> bool:
    """Delete the file if there is one; returns whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Bring a rename or removal in ``folder`` to the disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


@contextmanager
def _renamed_to(path: Path) -> Iterator[Path]:
    new = path.with_name(path.name + SUFFIX)
    new.unlink(missing_ok=True)
    try:
        yield new
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
