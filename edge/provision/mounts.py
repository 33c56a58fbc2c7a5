"""Whether a folder is a mount of its own, by what the kernel says about this process' view (proc_pid_mountinfo(5))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Mount:
    """A line of it."""

    number: str
    parent: str
    device: str
    root: PurePosixPath
    """Which folder of the device's file system is seen there."""
    point: PurePosixPath
    """Where it is seen."""


def is_own_mount(folder: Path) -> bool:
    """Whether what is in ``folder`` lies elsewhere than what is around it.

    The device's number alone does not show it: a folder that is bound from another place of the same file system is a
    mount, as those that rpi-image-gen's slots share; and one that is bound to itself is none, as systemd does with each
    folder that a unit may write.
    """
    try:
        path = folder.resolve(strict=True)
        mounts = parse(MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"))
        around = _place(PurePosixPath(path.parent), mounts)
        return _place(PurePosixPath(path), mounts) != (around[0], around[1] / path.name)
    except OSError:
        return False
    except LookupError:  # a root of its own that is no mount, as while an image is made: not everything is listed there
        return folder.is_mount()


def parse(text: str) -> list[Mount]:
    """The mounts of a mountinfo."""
    mounts = list[Mount]()
    for line in text.splitlines():
        number, parent, device, root, point = line.split(" ")[:5]
        mounts.append(Mount(number, parent, device, _path(root), _path(point)))
    return mounts


def _path(field: str) -> PurePosixPath:
    return PurePosixPath(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field))


def _place(path: PurePosixPath, mounts: Sequence[Mount]) -> tuple[str, PurePosixPath]:
    """On which device ``path`` lies, and where in its file system."""
    numbers = {mount.number for mount in mounts}
    current = next((mount for mount in mounts if mount.parent not in numbers and str(mount.point) == "/"), None)
    if current is None:
        raise LookupError("no mount at /")
    while inner := [mount for mount in mounts if mount.parent == current.number and path.is_relative_to(mount.point)]:
        # The one nearer to the root is met first; what was mounted below it before is hidden by it.
        current = min(inner, key=lambda mount: len(mount.point.parts))
    return current.device, current.root / path.relative_to(current.point)
