"""What the machine tells about itself."""

from __future__ import annotations

from pathlib import Path

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
STATUS = Path("/proc/self/status")


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
                return int(line.split()[1]) / 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0.0
