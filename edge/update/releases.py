"""The releases on a device: folders of /opt/maitred.d, and the links that say which is in use.

::

    /opt/maitred -> maitred.d/current
    /opt/maitred.d/current -> 0.2.0-20270103T040000     in use
    /opt/maitred.d/previous -> factory                  what it took the place of
    /opt/maitred.d/factory/                             came with the image, never removed
    /opt/maitred.d/trial                                while an update is tried: the release to go back to

A release is a virtual environment, and its scripts name its own path: it is made in place and never moved. The file
``ready`` is the last of it that is written. firmware_config/update/settle, a shell script, works on the same files: at
boot, and when the agent starts again and again.
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
            BadInput: this is no device that was installed so.
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
        """Name of the release that the current one took the place of; None if it is not there any more."""
        name = self._link("previous")
        return name if name and (self.root / name).is_dir() else None

    @property
    def trial(self) -> str | None:
        """While a release is tried: name of the one to go back to."""
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
            MaitredError: there is none in it.
        """
        places = [str(path) for path in (self.root / name).glob("lib/python3*/site-packages")]
        for found in distributions(name="maitred", path=places):
            return Version(found.version)
        raise MaitredError(f"{self.root / name}: holds no maitred")

    def free_name(self, version: str) -> str:
        """A name for a new release, which no folder has."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        name, number = f"{version}-{stamp}", 1
        # The clock of a device without a network may stand where it stood.
        while (self.root / name).exists() or (self.root / f"{name}.part").exists():
            number += 1
            name = f"{version}-{stamp}-{number}"
        return name

    def mark_ready(self, name: str) -> None:
        """Say that a release is complete, once all of it is on the card."""
        os.sync()
        atomic_files.replace_file(self.root / name / "ready", b"", mode=0o644)

    def begin_trial(self, previous: str) -> None:
        """Note which release to go back to: from now on a reboot does so."""
        (self.root / "trial.starts").unlink(missing_ok=True)
        (self.root / "taken-back").unlink(missing_ok=True)
        atomic_files.replace_file(self.root / "trial", f"{previous}\n".encode(), mode=0o644)

    def end_trial(self) -> None:
        """The note is taken away: what is in use now stays."""
        (self.root / "trial").unlink(missing_ok=True)
        (self.root / "trial.starts").unlink(missing_ok=True)
        atomic_files.sync_folder(self.root)

    def use(self, name: str) -> None:
        """Make it the current one, in one step."""
        atomic_files.replace_link(self.root / "current", name)

    def remember(self, name: str) -> None:
        """Make it the one to go back to by hand."""
        atomic_files.replace_link(self.root / "previous", name)

    def discard(self, name: str) -> None:
        """Remove a release, or what there is of it; never the factory's, nor the one in use."""
        if name in (FACTORY, self._link("current")):
            return
        with contextlib.suppress(OSError):
            (self.root / name / "ready").unlink(missing_ok=True)
        shutil.rmtree(self.root / name, ignore_errors=True)
        shutil.rmtree(self.root / f"{name}.part", ignore_errors=True)

    def tidy(self) -> None:
        """Remove all but the release in use, the one before and the factory's."""
        kept = (FACTORY, self._link("current"), self._link("previous"), self.trial)
        for path in self.root.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in kept:
                self.discard(path.name)

    def taken_back(self) -> str:
        """What the script noted when it took the last update back; empty if it did not."""
        try:
            return (self.root / "taken-back").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def _link(self, name: str) -> str | None:
        try:
            return (self.root / name).readlink().name
        except OSError:
            return None
