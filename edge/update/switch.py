"""Switches to another release, watches it, and goes back if needed. At each moment one of the two is in use.

If this process ends in between, for whatever reason, the note of the trial stays. Then the script ``settle`` goes back,
at the next boot or when the agent has ended several times.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from edge.errors import MaitredError
from edge.store.heartbeat import read_health
from edge.update.health import HealthBefore, WatchLimits, watch
from edge.update.install import Candidate, ReportStep
from edge.update.releases import Releases
from edge.update.services import Services


@dataclass(frozen=True)
class SwitchOutcome:
    """The result of a switch that succeeded."""

    watched: bool
    """False if the agent had been stopped: then the new release passed its self-test, but was not watched at work."""
    fps_before: float
    fps: float
    """Frames per second through the pipeline."""


def switch(
    releases: Releases,
    services: Services,
    new: Candidate,
    limits: WatchLimits,
    report_step: ReportStep,
    *,
    keep: bool = False,
) -> SwitchOutcome:
    """Make ``new`` the release in use; returns when it has worked well for a while.

    Args:
        releases: the releases on this device.
        services: the device's units.
        new: the release, which has passed its self-test.
        limits: how long to watch it.
        report_step: called before each step.
        keep: whether the release stays on the card if it fails; used for one that was in use before.

    Raises:
        MaitredError: it did not work well, and the release before it is in use again. The message says why.
    """
    old = releases.current
    running = services.agent_is_wanted()
    before = HealthBefore.of(read_health(new.database), services, time.time())
    switched = False
    try:
        report_step("note")
        releases.begin_trial(old)
        report_step("switch")
        switched = True
        releases.use(new.name)
        report_step("restart")
        if running:
            services.restart(releases.root)
            report_step("watch")
            wrong = watch(releases, services, new.name, before, new.database, limits)
            if wrong is not None:
                raise MaitredError(f"maitred {new.version} was taken back: {wrong}")
        report_step("confirm")
        releases.remember(old)
        releases.end_trial()
    except BaseException as error:
        words = services.last_words() if running else ""
        _go_back(releases, services, old, new.name, restart=running and switched, keep=keep)
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            raise MaitredError(f"{releases.root}: cannot be written ({why}); the release before is in use") from error
        if isinstance(error, MaitredError) and words:
            raise MaitredError(f"{error}\nThe end of the agent's log:\n{words}") from error
        raise
    report_step("tidy")
    releases.tidy()
    health = read_health(new.database)
    return SwitchOutcome(running, before.fps, health.fps if health else 0.0)


def _go_back(releases: Releases, services: Services, old: str, new: str, *, restart: bool, keep: bool) -> None:
    releases.use(old)
    if restart:
        services.restart(releases.root, wait=True)  # wait until no program of the new release runs any more
    releases.end_trial()
    if not keep:
        releases.discard(new)
