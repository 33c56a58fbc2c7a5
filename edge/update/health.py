"""Whether a release that was switched to does its work: at least as well as the one before."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from edge.store.heartbeat import Health, read_health
from edge.system.redaction import redact
from edge.update.releases import Releases
from edge.update.services import Services

STALE_S = 15.0
"""A heartbeat comes every two seconds; a slow board may be late while it loads models."""
SAME_START_S = 2.0
"""The moment of the start is given in wall clock time, which is corrected now and then."""


@dataclass(frozen=True)
class WatchLimits:
    """For how long a new release is watched, in seconds."""

    limit: float = 300.0
    """After which it has failed. A Pi 3 takes half a minute to load its models."""
    hold: float = 30.0
    """For how long without a break it must have been well."""
    pause: float = 1.0
    """Between two looks."""


@dataclass(frozen=True)
class HealthBefore:
    """How the device was before the update: what was amiss then is no fault of a new release."""

    frames_flowed: bool
    fps: float
    stored: bool
    dashboard: bool

    @classmethod
    def of(cls, health: Health | None, services: Services, now: float) -> HealthBefore:
        """By the agent's last heartbeat; ``now`` in unix seconds."""
        if health is None or now - health.at > STALE_S:
            return cls(False, 0.0, False, services.dashboard_runs())
        flowed = health.camera == "running" and health.fps > 0
        return cls(flowed, health.fps, health.store_error is None, services.dashboard_runs())


def fault(health: Health | None, before: HealthBefore, release: str) -> str | None:
    """What is worse than before, in words; None if nothing is. Does not say whether the heartbeat is fresh."""
    if health is None or health.release != release:
        return "the new agent gave no sign of life"
    if before.frames_flowed and health.camera != "running":
        reason = f" ({redact(health.camera_error)})" if health.camera_error else ""
        return f"the camera, which ran before, is {health.camera}{reason}"
    if before.frames_flowed and health.fps <= 0:
        return f"no frames get through; before it were {before.fps:.1f} a second"
    if before.stored and health.store_error:
        return f"the database, which was fine before, cannot be written: {health.store_error}"
    return None


def watch(
    releases: Releases, services: Services, release: str, before: HealthBefore, database: Path, patience: WatchLimits
) -> str | None:
    """Wait until the release has been well for long enough; returns None then, else what is wrong, in words."""
    deadline = time.monotonic() + patience.limit
    seen: Health | None = None
    seen_s = well_since = float("-inf")
    wrong: str | None = "the new agent gave no sign of life"
    while time.monotonic() < deadline:
        if releases.current != release:  # by the script that counts the agent's starts
            return releases.taken_back() or "the release was taken back"
        health, now_s = read_health(database), time.monotonic()
        wrong = fault(health, before, release)
        anew = seen is None or health is None or abs(health.started_at - seen.started_at) > SAME_START_S
        if health is not None and (seen is None or health.at != seen.at):
            seen, seen_s = health, now_s
        if wrong is None and now_s - seen_s > STALE_S:
            wrong = f"the new agent gave no sign of life for {STALE_S:.0f} s"
        if wrong is None and before.dashboard and not services.dashboard_runs():
            wrong = "the dashboard, which ran before, does not"
        if wrong is not None or anew:
            well_since = now_s
        if wrong is None and now_s - well_since >= patience.hold:
            return None
        time.sleep(patience.pause)
    return wrong or f"it was never well for {patience.hold:.0f} s in a row within {patience.limit:.0f} s"
