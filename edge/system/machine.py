"""The machine's temperature, memory and disk, and slowing down when it gets too hot."""

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
"""Degrees Celsius at which a SoC needs more air, and from which a Pi slows itself down."""
COOL_C = 75.0
"""Degrees Celsius below which the agent works at full speed again."""
MEASURE_EVERY_S = 5.0
REST_S = 0.2
"""Seconds of rest after each frame. About four frames a second are left, and the processor rests most of the time. At
two frames a second, half of the people who walk by would be missed (docs/counting.md)."""


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
    """Pauses between frames while the processor is hot, so that it cools down before it has to slow itself down."""

    def __init__(self, read: Callable[[], float | None] = temperature_c) -> None:
        self._read = read
        self._measured_s = -MEASURE_EVERY_S
        self.hot = False

    def pause_s(self, now_s: float) -> float:
        """Seconds to rest after a frame at ``now_s`` of the monotonic clock; 0 while the processor is cool enough."""
        if now_s - self._measured_s >= MEASURE_EVERY_S:
            self._measured_s = now_s
            celsius = self._read()
            was_hot, self.hot = self.hot, celsius is not None and celsius >= (COOL_C if self.hot else HOT_C)
            if self.hot != was_hot:
                log.warning("%.0f °C: %s", celsius or 0, "fewer frames are looked at" if self.hot else "cool again")
        return REST_S if self.hot else 0.0


@dataclass(frozen=True)
class Disk:
    """Bytes of the file system that holds the database; ``folder`` is the nearest existing folder to the database."""

    free: int
    total: int
    folder: Path

    @classmethod
    def of(cls, path: Path) -> Disk:
        """The file system of ``path``, which need not exist yet."""
        existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
        usage = shutil.disk_usage(existing)
        return cls(usage.free, usage.total, existing)
