"""The units: accepted by systemd, hardened, and in agreement with the code."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from edge.agent.agent import HEARTBEAT_S
from edge.cli import build_parser
from edge.config import Settings

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNITS = ("maitred.service", "maitred-dashboard.service", "maitred-provision.service")
AGENT, DASHBOARD, PROVISION = UNITS
SETTLE, UPDATE = "maitred-settle.service", "maitred-update.service"
ALL = (*UNITS, SETTLE, UPDATE)
MOST_EXPOSED = 20
"""Tenths: systemd's own rating, 0 is locked up, 100 wide open."""

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def values(unit: str, key: str) -> list[str]:
    """All values of a key, in their order."""
    lines = (FOLDER / unit).read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.partition("=")[0] == key]


def value(unit: str, key: str) -> str:
    (only,) = values(unit, key)
    return only


def seconds(text: str) -> float:
    assert text.isdecimal(), f"{text}: written in seconds, please"
    return float(text)


def complaints(folder: Path, *additions: str) -> list[str]:
    """What ``systemd-analyze verify`` says about our units, with lines added to the agent's [Service].

    It exits with 0 whatever keys it does not know, so any word about our units counts.
    """
    for unit in ALL:
        text = (FOLDER / unit).read_text(encoding="utf-8")
        # The command's existence is checked, and it is not installed here.
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text, flags=re.MULTILINE)
        if unit == AGENT:
            text = text.replace("[Service]\n", "\n".join(["[Service]", *additions, ""]))
        (folder / unit).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(f"./{unit}" for unit in ALL)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return [line for line in (done.stdout + done.stderr).splitlines() if "maitred" in line]


@needs_analyze
def test_systemd_accepts_the_units(tmp_path: Path):
    assert complaints(tmp_path) == []


@needs_analyze
@pytest.mark.parametrize("line", ["WatchdogSecs=60", "Restart=allways", "ProtectSystem=very"])
def test_a_mistake_in_a_unit_would_be_noticed(tmp_path: Path, line: str):
    assert complaints(tmp_path, line)


@needs_analyze
@pytest.mark.parametrize("unit", UNITS)
def test_the_units_are_hardened(unit: str):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", f"./{unit}"],
        cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("unit", "key", "expected"),
    [
        (AGENT, "Type", "notify"),
        (AGENT, "NotifyAccess", "main"),
        (AGENT, "Restart", "always"),
        (AGENT, "StartLimitIntervalSec", "0"),
        (AGENT, "Alias", "agent.service"),
        (AGENT, "WantedBy", "multi-user.target"),
        (AGENT, "SupplementaryGroups", "video"),
        (AGENT, "LimitCORE", "0"),
        (AGENT, "MemorySwapMax", "0"),
        (AGENT, "ExecStartPre", "-+/usr/lib/maitred/settle start"),
        (SETTLE, "ExecStart", "/usr/lib/maitred/settle boot"),
        (SETTLE, "Type", "oneshot"),
        (SETTLE, "RemainAfterExit", "yes"),
        (SETTLE, "Before", f"{AGENT} {DASHBOARD} {UPDATE}"),
        (DASHBOARD, "Restart", "always"),
        (DASHBOARD, "PartOf", AGENT),
        (DASHBOARD, "PrivateDevices", "yes"),
        (DASHBOARD, "IPAddressDeny", "any"),
        (DASHBOARD, "LimitCORE", "0"),
        (PROVISION, "Type", "oneshot"),
        (PROVISION, "StateDirectory", "maitred-device"),
        (PROVISION, "StateDirectoryMode", "0700"),
        (PROVISION, "LimitCORE", "0"),
    ],
    ids=lambda part: str(part).replace(".service", ""),
)
def test_a_key_of_a_unit_has_its_value(unit: str, key: str, expected: str):
    assert value(unit, key) == expected


def test_the_agent_starts_the_dashboard_and_waits_for_no_network():
    assert DASHBOARD in values(AGENT, "Wants")
    waited_for = " ".join([*values(AGENT, "Wants"), *values(AGENT, "After"), *values(AGENT, "Requires")])
    assert "network-online.target" not in waited_for
    assert "time-sync.target" not in waited_for


@pytest.mark.parametrize(("unit", "command"), [(AGENT, "run"), (DASHBOARD, "dashboard"), (UPDATE, "update")])
def test_the_command_line_is_valid(unit: str, command: str):
    program, *arguments = shlex.split(value(unit, "ExecStart"))

    options = build_parser().parse_args(arguments)

    assert Path(program).name == "maitred"
    assert options.function.__module__ == f"edge.commands.{command}"
    assert options.config == Path("/etc/maitred/maitred.toml")


def test_provisioning_runs_before_what_it_sets_up_and_delays_nothing_if_it_fails():
    program, *arguments = shlex.split(value(PROVISION, "ExecStart"))
    before = " ".join(values(PROVISION, "Before")).split()

    options = build_parser().parse_args(arguments)

    assert Path(program).name == "maitred"
    assert options.function.__module__ == "edge.commands.provision"
    assert (options.boot, options.root) == (Path("/boot/firmware"), Path("/"))
    assert {AGENT, DASHBOARD, "NetworkManager.service", "ssh.service", "getty@tty1.service"} <= set(before)
    for unit in (AGENT, DASHBOARD):
        assert PROVISION not in " ".join([*values(unit, "Requires"), *values(unit, "BindsTo")])
    assert seconds(value(PROVISION, "TimeoutStartSec")) <= 120


def test_the_watchdog_is_more_patient_than_what_the_agent_waits_for():
    watchdog_s = seconds(value(AGENT, "WatchdogSec"))

    assert watchdog_s >= 30
    assert watchdog_s > 3 * (Settings().camera.stall_s + HEARTBEAT_S)
    assert seconds(value(AGENT, "TimeoutStopSec")) > Settings().camera.stall_s


def test_the_database_is_where_the_agent_may_write_and_others_may_not():
    assert Settings().store.path.parent == Path("/var/lib") / value(AGENT, "StateDirectory")
    assert value(AGENT, "StateDirectoryMode") == "0750"
    # The heartbeat's folder is found by the same name (edge/store/heartbeat.py), and read by the dashboard's group.
    assert value(AGENT, "RuntimeDirectory") == value(AGENT, "StateDirectory")
    assert value(AGENT, "RuntimeDirectoryMode") == "0750"
    assert value(AGENT, "UMask") == "0027"


def test_the_dashboard_is_another_user_and_reads_as_the_agents_group():
    assert value(DASHBOARD, "User") != value(AGENT, "User")
    assert value(DASHBOARD, "Group") == value(AGENT, "Group")
    assert value(DASHBOARD, "ProtectSystem") == "strict"
    assert not values(DASHBOARD, "ReadWritePaths")
    assert not values(DASHBOARD, "StateDirectory")


def names(lines: list[str], field: int) -> dict[str, list[str]]:
    return {parts[field]: parts for parts in (line.split(":") for line in lines)}


@pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None or shutil.which("systemd-tmpfiles") is None or os.geteuid() != 0,
    reason="needs root, systemd-sysusers and systemd-tmpfiles",
)
def test_users_and_folders_are_made_as_the_units_expect_them(tmp_path: Path):
    root = tmp_path / "root"
    (root / "etc" / "maitred").mkdir(parents=True)
    for name in ("maitred.toml", "uplink.secret", "mqtt.password", "dashboard.password", "dashboard.token"):
        (root / "etc" / "maitred" / name).write_text("")
    for tool, part in (("sysusers", []), ("tmpfiles", ["--create"])):
        subprocess.run(
            [f"systemd-{tool}", f"--root={root}", *part, FOLDER / f"{tool}.d" / "maitred.conf"], check=True, timeout=60
        )

    users = names((root / "etc/passwd").read_text().splitlines(), 0)
    groups = names((root / "etc/group").read_text().splitlines(), 0)
    agent = int(users[value(AGENT, "User")][2])
    group = int(groups[value(AGENT, "Group")][2])
    assert value(DASHBOARD, "User") in users
    assert users["maitred-admin"][5:] == ["/home/maitred-admin", "/bin/bash"]
    shadow = names((root / "etc/shadow").read_text().splitlines(), 0)
    assert all(shadow[user][1].startswith("!") for user in ("maitred", "maitred-dashboard", "maitred-admin"))
    expected = {
        "etc/maitred": ("0o750", 0, group),
        "etc/maitred/maitred.toml": ("0o640", 0, group),
        "etc/maitred/uplink.secret": ("0o600", agent, group),
        "etc/maitred/mqtt.password": ("0o600", agent, group),
        "etc/maitred/dashboard.password": ("0o640", 0, group),
        "etc/maitred/dashboard.token": ("0o640", 0, group),
        "var/lib/maitred": ("0o750", agent, group),
        "var/lib/maitred-device": ("0o700", 0, 0),
        "home/maitred-admin": ("0o700", int(users["maitred-admin"][2]), int(groups["maitred-admin"][2])),
    }
    status = {path: (root / path).stat() for path in expected}
    assert {path: (oct(stat.S_IMODE(s.st_mode)), s.st_uid, s.st_gid) for path, s in status.items()} == expected
