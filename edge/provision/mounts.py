"""Whether a folder is a mount of its own, by the kernel's list of this process's mounts (proc_pid_mountinfo(5))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Mount:
    """A line of the list."""

    number: str
    parent: str
    device: str
    root: PurePosixPath
    """The folder of the device's file system that is mounted."""
    point: PurePosixPath
    """The folder on which it is mounted."""


def is_own_mount(folder: Path) -> bool:
    """Whether the content of ``folder`` is stored elsewhere than that of the folder around it.

    The device's number alone does not show this. A folder that is bound from another place of the same file system is a
    mount of its own, such as those that rpi-image-gen's slots share. A folder that is bound to itself is not; systemd
    binds each folder so that a unit may write.
    """
    try:
        path = folder.resolve(strict=True)
        mounts = parse(MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"))
        device, parent = _place(PurePosixPath(path.parent), mounts)
        return _place(PurePosixPath(path), mounts) != (device, parent / path.name)
    except OSError:
        return False
    except LookupError:  # the root is not a mount, as while an image is made; then the list is not complete
        return folder.is_mount()


def parse(text: str) -> list[Mount]:
    """The mounts in the text of a mountinfo file."""
    mounts = list[Mount]()
    for line in text.splitlines():
        number, parent, device, root, point = line.split(" ")[:5]
        mounts.append(Mount(number, parent, device, _path(root), _path(point)))
    return mounts


def _path(field: str) -> PurePosixPath:
    return PurePosixPath(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field))


def _place(path: PurePosixPath, mounts: Sequence[Mount]) -> tuple[str, PurePosixPath]:
    """The device on which ``path`` is stored, and the path in that device's file system."""
    numbers = {mount.number for mount in mounts}
    current = next((mount for mount in mounts if mount.parent not in numbers and str(mount.point) == "/"), None)
    if current is None:
        raise LookupError("no mount at /")
    while inner := [mount for mount in mounts if mount.parent == current.number and path.is_relative_to(mount.point)]:
        # Take the mount nearest to the root first: it hides what was mounted below it before.
        current = min(inner, key=lambda mount: len(mount.point.parts))
    return current.device, current.root / path.relative_to(current.point)
