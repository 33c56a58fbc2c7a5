"""How far the wall clock can be trusted, and which boot the monotonic clock counts from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

ClockQuality = Literal["synchronised", "unsynchronised", "unknown"]
"""Whether the device's clock is known to follow a time server."""

# systemd-timesyncd makes the folder when it starts, and the file when it first hears from a time server.
TIMESYNC = Path("/run/systemd/timesync")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def clock_quality() -> ClockQuality:
    """How far the wall clock can be trusted now; "unknown" where no time service says so."""
    if (TIMESYNC / "synchronized").exists():
        return "synchronised"
    return "unsynchronised" if TIMESYNC.exists() else "unknown"


def boot_id() -> str:
    """The identifier of this boot of the machine: times of the monotonic clock can only be compared within one boot."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
