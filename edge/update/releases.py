"""The releases on a device: folders in /opt/maitred.d, and links that show which one is in use.

::

    /opt/maitred -> maitred.d/current
    /opt/maitred.d/current -> 0.2.0-20270103T040000     in use
    /opt/maitred.d/previous -> factory                  the release that was in use before
    /opt/maitred.d/factory/                             came with the image, never removed
    /opt/maitred.d/trial                                while an update is tried: the release to go back to

A release is a virtual environment. Its scripts contain its path, so it is made in place and never moved. The file
``ready`` is written last. The shell script firmware_config/update/settle works on the same files at boot, and if the
agent starts again and again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from packaging.version import Version

from edge.errors import BadInput, MaitredError
from edge.system import atomic_files

FACTORY = "factory"


@dataclass(frozen=True)
class Releases:
    """The releases in a folder."""

    root: Path = Path("/opt/maitred.d")

    @property
    def current(self) -> str:
        """Name of the release in use.

        Raises:
            BadInput: maitred was not installed in this way on this device.
        """
        name = self._link("current")
        if name is None:
            raise BadInput(
                f"{self.root / 'current'}: there is no release to update; maitred update works on an image and on what"
                " firmware_config/install.sh installed"
            )
        return name

    @property
    def previous(self) -> str | None:
        """Name of the release that was in use before the current one; None if it is not there any more."""
        name = self._link("previous")
        return name if name and (self.root / name).is_dir() else None

    @property
    def trial(self) -> str | None:
        """Name of the release to go back to, while another one is tried; else None."""
        try:
            return (self.root / "trial").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other updates out.

        Raises:
            BadInput: one is under way, or the folder is not this user's to write.
        """
        try:
            file = (self.root / ".lock").open("w")
        except PermissionError as error:
            raise BadInput("must run as root: sudo /opt/maitred/bin/maitred update …") from error
        except OSError as error:
            raise BadInput(f"{self.root}: cannot be written ({error.strerror})") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BadInput("an update is under way; wait for its end") from error
            yield

    def version(self, name: str) -> Version:
        """The version of maitred in a release.

        Raises:
            MaitredError: the release has no maitred in it.
        """
        places = [str(path) for path in (self.root / name).glob("lib/python3*/site-packages")]
        for distribution in distributions(name="maitred", path=places):
            return Version(distribution.version)
        raise MaitredError(f"{self.root / name}: holds no maitred")

    def free_name(self, version: str) -> str:
        """A name for a new release that no folder has yet."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        name, number = f"{version}-{stamp}", 1
        # On a device without a network the clock may show the same time as at an earlier boot.
        while (self.root / name).exists() or (self.root / f"{name}.part").exists():
            number += 1
            name = f"{version}-{stamp}-{number}"
        return name

    def mark_ready(self, name: str) -> None:
        """Mark a release as complete, after all of it is on the card."""
        os.sync()
        atomic_files.replace_file(self.root / name / "ready", b"", mode=0o644)

    def begin_trial(self, previous: str) -> None:
        """Note the release to go back to; from now on a reboot goes back to it."""
        (self.root / "trial.starts").unlink(missing_ok=True)
        (self.root / "taken-back").unlink(missing_ok=True)
        atomic_files.replace_file(self.root / "trial", f"{previous}\n".encode(), mode=0o644)

    def end_trial(self) -> None:
        """Remove the note, so that the release in use stays in use."""
        (self.root / "trial").unlink(missing_ok=True)
        (self.root / "trial.starts").unlink(missing_ok=True)
        atomic_files.sync_folder(self.root)

    def use(self, name: str) -> None:
        """Make a release the current one, in one step."""
        atomic_files.replace_link(self.root / "current", name)

    def remember(self, name: str) -> None:
        """Make a release the one to which ``--back`` returns."""
        atomic_files.replace_link(self.root / "previous", name)

    def discard(self, name: str) -> None:
        """Remove a release, also an incomplete one; never the factory's, nor the one in use."""
        if name in (FACTORY, self._link("current")):
            return
        with contextlib.suppress(OSError):
            (self.root / name / "ready").unlink(missing_ok=True)
        shutil.rmtree(self.root / name, ignore_errors=True)
        shutil.rmtree(self.root / f"{name}.part", ignore_errors=True)

    def tidy(self) -> None:
        """Remove all releases but the one in use, the one before and the factory's."""
        needed = (FACTORY, self._link("current"), self._link("previous"), self.trial)
        for path in self.root.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in needed:
                self.discard(path.name)

    def taken_back(self) -> str:
        """The note that the script ``settle`` left when it took the last update back; empty if there is none."""
        try:
            return (self.root / "taken-back").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def _link(self, name: str) -> str | None:
        try:
            return (self.root / name).readlink().name
        except OSError:
            return None
