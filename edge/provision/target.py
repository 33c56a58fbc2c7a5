"""The system that is set up: the running one, or one in a folder. Only what differs is written."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from pathlib import Path

from edge.errors import MaitredError
from edge.system import atomic_files

log = logging.getLogger(__name__)
PATIENCE_S = 20


class ProvisionTarget:
    """Changes files below ``root`` and, on the running system, runs programs. ``changes`` lists what was done."""

    def __init__(self, root: Path, *, dry_run: bool = False) -> None:
        self.root = root
        self.dry_run = dry_run
        self.live = root == Path("/")
        self.changes: list[str] = []

    def path(self, inside: str) -> Path:
        """The path of the system's ``/inside``."""
        return self.root / inside.lstrip("/")

    def read(self, inside: str) -> str:
        """The content of a text file; "" if there is none."""
        try:
            return self.path(inside).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def write(self, inside: str, text: str, *, mode: int = 0o644, owner: str = "root", group: str = "root") -> bool:
        """Make sure that a file has this content, mode and owner; returns whether it had to be written.

        Raises:
            MaitredError: there is no such user or group.
            OSError: it cannot be written.
        """
        path, content = self.path(inside), text.encode()
        ids = self._id("passwd", owner), self._id("group", group)
        if _is(path, content, mode, ids if self._root() else None):
            return False
        self.changes.append(f"write {inside}")
        if not self.dry_run:
            self.folder(path.parent)
            atomic_files.replace_file(path, content, mode=mode, owner=ids if self._root() else None)
        return True

    def folder(self, path: Path, mode: int = 0o755) -> None:
        """Make sure that the folder and those above it exist on the disk."""
        if not path.is_dir():
            self.folder(path.parent)
            path.mkdir(exist_ok=True)
            path.chmod(mode)
            atomic_files.sync_folder(path.parent)

    def link(self, inside: str, to: str) -> bool:
        """Make sure that a symbolic link exists; returns whether it had to be made."""
        path = self.path(inside)
        if path.is_symlink() and os.readlink(path) == to:  # noqa: PTH115 (Path.readlink makes a path of it)
            return False
        self.changes.append(f"link {inside} to {to}")
        if not self.dry_run:
            atomic_files.replace_link(path, to)
        return True

    def remove(self, inside: str) -> bool:
        """Make sure that a file does not exist; returns whether it did."""
        path = self.path(inside)
        if not (path.exists() or path.is_symlink()):
            return False
        self.changes.append(f"remove {inside}")
        if not self.dry_run:
            atomic_files.remove_file(path)
        return True

    def command(self, *words: str) -> bool:
        """Run a program if this is the running system; returns whether it succeeded. A failure is logged."""
        if not self.live or shutil.which(words[0]) is None:
            return False
        if self.dry_run:
            self.changes.append(f"run {' '.join(words)}")
            return True
        try:
            done = subprocess.run(  # noqa: S603 (words of this package)
                words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("%s: %s", words[0], error)
            return False
        if done.returncode:
            log.warning("%s ended with %d: %s", " ".join(words), done.returncode, done.stderr.strip())
        return done.returncode == 0

    def _root(self) -> bool:
        return os.geteuid() == 0

    def _id(self, table: str, name: str) -> int:
        """The number of a user or group of the system."""
        if name == "root" or not self._root():
            return 0
        for line in self.read(f"/etc/{table}").splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return int(fields[2])
        if self.dry_run:
            return 0
        raise MaitredError(f"there is no {name} in /etc/{table}; run: systemd-sysusers")


def _is(path: Path, content: bytes, mode: int, ids: tuple[int, int] | None) -> bool:
    try:
        status = path.lstat()
        alike = (status.st_mode & 0o7777) == mode and (ids is None or (status.st_uid, status.st_gid) == ids)
        return alike and path.is_file() and not path.is_symlink() and path.read_bytes() == content
    except FileNotFoundError:
        return False
