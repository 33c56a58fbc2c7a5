"""Controls the units on a device with systemctl and journalctl. If systemd does not run, nothing is started."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

AGENT, DASHBOARD = "maitred.service", "maitred-dashboard.service"
STOPPED = ("inactive", "unknown", "")
"""States of a unit that somebody stopped. A unit in any other state should run, also one that fails again and again."""
SETTLE = Path("/usr/lib/maitred/settle")
PATIENCE_S = 200.0
"""Time limit of a command: an agent may take a minute to stop, and two to start."""


@dataclass(frozen=True)
class Services:
    """The agent's and the dashboard's units."""

    settle: Path = SETTLE
    """The script that installs the units of a release."""

    def agent_is_wanted(self) -> bool:
        """Whether the agent should run; False if somebody stopped it, or if systemd does not run."""
        return self._state(AGENT) not in STOPPED

    def dashboard_runs(self) -> bool:
        """Whether the dashboard runs."""
        return self._state(DASHBOARD) == "active"

    def restart(self, root: Path, *, wait: bool = False) -> None:
        """Restart both from the release in use in ``root``, with its units; with ``wait``, until the agent is up."""
        environment = dict(os.environ) | {"MAITRED_RELEASES": str(root)}
        if self.settle.exists():
            _run([str(self.settle), "units"], environment)
        # The dashboard restarts with the agent, because its unit is PartOf= the agent's.
        _run(["systemctl", *([] if wait else ["--no-block"]), "restart", AGENT])

    def last_words(self, lines: int = 12) -> str:
        """The last lines of the agent's log; empty if there is none."""
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
