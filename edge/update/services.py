"""The units on a device, by systemctl and journalctl. Where systemd does not run, nothing is started."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

AGENT, DASHBOARD = "maitred.service", "maitred-dashboard.service"
STOPPED = ("inactive", "unknown", "")
"""A unit in another state, an agent that fails again and again among them, is meant to run."""
SETTLE = Path("/usr/lib/maitred/settle")
PATIENCE_S = 200.0
"""An agent may take a minute to stop, and two to start."""


@dataclass(frozen=True)
class Services:
    """The agent's and the dashboard's units."""

    settle: Path = SETTLE
    """The script that puts a release's units in their place."""

    def agent_is_wanted(self) -> bool:
        """Whether the agent runs, or is being started; not if somebody stopped it, or systemd is not there."""
        return self._state(AGENT) not in STOPPED

    def dashboard_runs(self) -> bool:
        """Whether the dashboard is up."""
        return self._state(DASHBOARD) == "active"

    def restart(self, root: Path, *, wait: bool = False) -> None:
        """Start both anew from the release in use of ``root``, with its units; ``wait`` until the agent is up."""
        environment = dict(os.environ) | {"MAITRED_RELEASES": str(root)}
        if self.settle.exists():
            _run([str(self.settle), "units"], environment)
        # The dashboard is started anew with the agent, being part of it.
        _run(["systemctl", *([] if wait else ["--no-block"]), "restart", AGENT])

    def last_words(self, lines: int = 12) -> str:
        """The end of the agent's log; empty where there is none."""
        return _run(["journalctl", "--unit", AGENT, "--lines", str(lines), "--output", "cat", "--no-pager"])

    def _state(self, unit: str) -> str:
        return _run(["systemctl", "is-active", unit])


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (our own commands)
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
