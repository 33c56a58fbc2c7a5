"""Watches whether a new release works at least as well as the one before."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from edge.store.heartbeat import Health, read_health
from edge.system.redaction import redact
from edge.update.releases import Releases
from edge.update.services import Services

STALE_S = 15.0
"""Seconds without a heartbeat that are too many. One comes every two seconds, later while a slow board loads models."""
SAME_START_S = 2.0
"""Seconds by which two start times of the same agent may differ: they are wall clock time, which may be corrected."""


@dataclass(frozen=True)
class WatchLimits:
    """For how long a new release is watched, in seconds."""

    limit: float = 300.0
    """Seconds after which the release has failed. A Pi 3 takes half a minute to load its models."""
    hold: float = 30.0
    """Seconds for which it must work well without a break."""
    pause: float = 1.0
    """Seconds between two checks."""


@dataclass(frozen=True)
class HealthBefore:
    """The device's health before the update. What did not work then is not held against the new release."""

    frames_flowed: bool
    fps: float
    stored: bool
    dashboard: bool

    @classmethod
    def of(cls, health: Health | None, services: Services, now: float) -> HealthBefore:
        """Judge by the agent's last heartbeat; ``now`` is in unix seconds."""
        if health is None or now - health.at > STALE_S:
            return cls(False, 0.0, False, services.dashboard_runs())
        flowed = health.camera == "running" and health.fps > 0
        return cls(flowed, health.fps, health.store_error is None, services.dashboard_runs())


def fault(health: Health | None, before: HealthBefore, release: str) -> str | None:
    """What is worse than before, in words; None if nothing is. The age of the heartbeat is not checked here."""
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
    releases: Releases, services: Services, release: str, before: HealthBefore, database: Path, limits: WatchLimits
) -> str | None:
    """Wait until the release has worked well for long enough; returns None then, else what is wrong, in words."""
    deadline = time.monotonic() + limits.limit
    seen: Health | None = None
    seen_s = well_since = float("-inf")
    wrong: str | None = "the new agent gave no sign of life"
    while time.monotonic() < deadline:
        if releases.current != release:  # the script that counts the agent's starts has taken the release back
            return releases.taken_back() or "the release was taken back"
        health, now_s = read_health(database), time.monotonic()
        wrong = fault(health, before, release)
        anew = seen is None or health is None or abs(health.started_at - seen.started_at) > SAME_START_S
        if health is not None and (seen is None or health.at != seen.at):
            seen, seen_s = health, now_s
        if wrong is None and now_s - seen_s > STALE_S:
            wrong = f"the new agent gave no sign of life for {STALE_S:.0f} s"
        if wrong is None and before.dashboard and not services.dashboard_runs():
            wrong = "the dashboard, which ran before, does not run"
        if wrong is not None or anew:
            well_since = now_s
        if wrong is None and now_s - well_since >= limits.hold:
            return None
        time.sleep(limits.pause)
    return wrong or f"it did not work well for {limits.hold:.0f} s in a row within {limits.limit:.0f} s"
