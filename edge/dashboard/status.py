"""The state of the agent, judged from its heartbeat."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.store import Health
from edge.system.redaction import redact

FRESH_S = 30.0
"""Seconds. If the heartbeat is this old, the agent isn't running."""
WORKING_CAMERA = ("running", "ended")


@dataclass(frozen=True)
class Status:
    """The heartbeat (None if no agent ever ran), judged at ``now`` (unix seconds)."""

    health: Health | None
    now: float

    @property
    def heartbeat_age_s(self) -> float | None:
        """Seconds since the heartbeat; negative if the clock was set back."""
        return None if self.health is None else self.now - self.health.at

    @property
    def fresh(self) -> bool:
        """Whether the agent is running. A heartbeat from the far future was written before the clock was set back."""
        age = self.heartbeat_age_s
        return age is not None and abs(age) < FRESH_S

    @property
    def live(self) -> Health | None:
        """The heartbeat while it is fresh, else None."""
        return self.health if self.fresh else None

    @property
    def reasons(self) -> list[str]:
        """What is wrong, in words; empty while the agent counts, and after it has played a recording to its end."""
        if self.health is None:
            return ["the agent has not run yet"]
        if not self.fresh:
            return [f"the agent isn't running: its last heartbeat is {abs(self.now - self.health.at):.0f} s off"]
        if self.health.camera not in WORKING_CAMERA:
            error = f": {self.health.camera_error}" if self.health.camera_error else ""
            return [f"camera {self.health.camera}{error}"]
        return []


def redacted(health: Health | None) -> Health | None:
    """The heartbeat without user names, passwords and queries of addresses."""
    if health is None:
        return None
    error = None if health.camera_error is None else redact(health.camera_error)
    return replace(health, camera_source=redact(health.camera_source), camera_error=error)
