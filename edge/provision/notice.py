"""Messages to people: a file on the boot partition, and the text above the console's login prompt."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from edge.provision.problem import Problem
from edge.provision.steps import Plan
from edge.provision.target import ProvisionTarget
from edge.system import atomic_files

PROBLEMS = "maitred-problems.txt"
ISSUE = "/etc/issue.d/maitred.issue"
WIDTH, MOST_LINES = 76, 14
"""Size of the text on a console of 80 by 25, which also shows the system's name and the prompt."""
STAYS = "Until then the device uses the last settings that were right."
DEFAULTS = "Until then the device uses its defaults."
WAY_OUT = "Put the card into a computer, correct the file, and start the device with it again."


def text(name: str, problems: Sequence[Problem], *, had_settings: bool) -> str:
    """The whole message for people."""
    if any(problem.of_device for problem in problems):
        head, way_out = f"{name} was not used:", ""
    else:
        head = (
            f"{name} has {'a mistake' if len(problems) == 1 else f'{len(problems)} mistakes'}; nothing in it was used."
        )
        way_out = WAY_OUT
    parts = [head, *(f"- {problem}" for problem in problems), f"{STAYS if had_settings else DEFAULTS} {way_out}"]
    return "\n".join(
        textwrap.fill(part, WIDTH, subsequent_indent="  " if part.startswith("- ") else "", break_on_hyphens=False)
        for part in parts
    )


def write_file(boot: Path, message: str) -> None:
    """Write the message beside the file, or remove an earlier one if there is none.

    Raises:
        OSError: the partition cannot be written.
    """
    path = boot / PROBLEMS
    if not message:
        atomic_files.remove_file(path)
        return
    content = (message + "\n").replace("\n", "\r\n").encode("utf-8-sig")  # so that old editors show it, too
    if not path.exists() or path.read_bytes() != content:
        atomic_files.replace_file(path, content)


def write_issue(target: ProvisionTarget, plan: Plan, message: str) -> None:
    r"""Write the text above the login prompt: the device's address, and what is wrong.

    agetty(8) shows the text, and shows it again when the address changes: \4 stands for the address at that time.
    """
    board = plan.agent.get("dashboard", {})
    host = plan.settings.device.hostname
    where = f"dashboard: http://{host}.local:{board.get('port', 8000)}/"
    if not board.get("password_file"):
        where = "dashboard: closed to the network; [dashboard] password in maitred.toml opens it"
    lines = ["", f"maitred   address: \\4   name: {host}.local", where, ""]
    if message:
        lines = message.split("\n")
        if len(lines) > MOST_LINES:
            lines = [*lines[: MOST_LINES - 1], f"... all of it is in {PROBLEMS} on the card."]
        # agetty reads a backslash as a command, and the console's font may have ASCII letters only.
        ascii_ = "\n".join(lines).replace("…", "...").encode("ascii", "replace").decode()
        lines += [ascii_.replace("\\", "\\\\"), ""]
    target.write(ISSUE, "\n".join(lines) + "\n")
