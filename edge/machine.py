"""What the machine tells about itself."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
STATUS = Path("/proc/self/status")
WARM_C, HOT_C = 70.0, 80.0
"""Degrees Celsius at which a SoC needs air, and from which a Pi slows itself down."""


def temperature_c() -> float | None:
    """SoC temperature in degrees Celsius, None where the machine tells none."""
    try:
        return int(THERMAL.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None


def resident_mb() -> float:
    """Resident memory of this process in megabytes, 0 where it cannot be told."""
    try:
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    except (OSError, ValueError, IndexError):
        pass
    return 0.0


@dataclass(frozen=True)
class Disk:
    """Bytes of the file system that holds the database; ``folder`` is the nearest one to it that exists."""

    free: int
    total: int
    folder: Path

    @classmethod
    def of(cls, path: Path) -> Disk:
        """The file system of ``path``, which need not exist yet."""
        there = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
        usage = shutil.disk_usage(there)
        return cls(usage.free, usage.total, there)
