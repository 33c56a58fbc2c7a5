"""What the machine says about itself: temperature, memory, disk."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)
THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
STATUS = Path("/proc/self/status")
WARM_C, HOT_C = 70.0, 80.0
"""Degrees Celsius at which a SoC needs air, and from which a Pi slows itself down."""
COOL_C = 75.0
"""Below this it may work again as before."""
LOOK_S = 5.0
REST_S = 0.2
"""Some four frames a second are left, and the processor rests for most of the time. At two a second half of the people
who walk by are missed: docs/counting.md."""


def temperature_c() -> float | None:
    """SoC temperature in degrees Celsius, None where the machine does not measure it."""
    try:
        return int(THERMAL.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None


def resident_mb() -> float:
    """Resident memory of this process in megabytes, 0 where it is not known."""
    try:
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    except (OSError, ValueError, IndexError):
        pass
    return 0.0


class ThermalThrottle:
    """Lets a hot processor cool down before it has to slow itself: pauses between frames, until it is cooler again."""

    def __init__(self, read: Callable[[], float | None] = temperature_c) -> None:
        self._read = read
        self._looked_s = -LOOK_S
        self.hot = False

    def pause_s(self, now_s: float) -> float:
        """Seconds to rest after a frame, at ``now_s`` of the monotonic clock: none while all is well."""
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            found = self._read()
            was, self.hot = self.hot, found is not None and found >= (COOL_C if self.hot else HOT_C)
            if self.hot != was:
                log.warning("%.0f °C: %s", found or 0, "fewer frames are looked at" if self.hot else "cool again")
        return REST_S if self.hot else 0.0


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
