"""The steps of the set-up, one function each. Each can be done again at any time, and writes only what differs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli_w

from edge.provision.check import FILES
from edge.provision.document import template
from edge.provision.keyfile import KEYFILE, keyfile
from edge.provision.secrets import IN_ADDRESSES
from edge.provision.settings import DeviceSettings
from edge.provision.target import ProvisionTarget

CONFIG = "/etc/maitred/maitred.toml"
HEADER = """\
# Written by `maitred provision` from maitred.toml on the boot partition: change that one and start the device again.

"""
BY_HAND = "/etc/maitred/maitred.toml.by-hand"
REGULATORY = "/etc/modprobe.d/maitred-wifi.conf"


@dataclass(frozen=True)
class Plan:
    """The state to which the device is brought."""

    settings: DeviceSettings
    agent: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, str] = field(repr=False)
    """Stored secrets by name."""
    retired: frozenset[str] = frozenset()
    """Names of secrets that are stored, but no longer needed."""
    lost: frozenset[str] = frozenset()
    """Names of secrets that are needed, but cannot be read. If the system still has them somewhere, they stay there."""


def agent_files(target: ProvisionTarget, plan: Plan) -> None:
    """Write the agent's configuration, and a file for each secret that it reads."""
    for name, (_, _, path) in FILES.items():
        if name in plan.secrets:
            shared = name == "dashboard.password"  # the dashboard, another user of the group, reads it
            target.write(
                path, plan.secrets[name] + "\n", mode=0o640 if shared else 0o600,
                owner="root" if shared else "maitred", group="maitred",
            )  # fmt: skip
    old = target.read(CONFIG)
    if is_by_hand(old):
        target.write(BY_HAND, old, mode=0o640, group="maitred")
    if not (old and plan.lost & {secret.name for secret in IN_ADDRESSES}):  # the old configuration still has them
        target.write(CONFIG, HEADER + tomli_w.dumps(plan.agent), mode=0o640, group="maitred")
    for name, (section, file_key, path) in FILES.items():
        if name in plan.retired and plan.agent.get(section, {}).get(file_key) != path:
            target.remove(path)


def is_by_hand(config: str) -> bool:
    """Whether somebody wrote this configuration of the agent by hand."""
    return bool(config) and not config.startswith(HEADER) and config != template()


def hostname(target: ProvisionTarget, plan: Plan) -> None:
    """Set the device's name, and the line of /etc/hosts by which the device finds itself."""
    name = plan.settings.device.hostname
    target.write("/etc/hostname", name + "\n")
    hosts = target.read("/etc/hosts").splitlines()
    line = f"127.0.1.1\t{name}"
    if line not in hosts:
        others = [old for old in hosts if old.split()[:1] != ["127.0.1.1"]]
        head = [] if any(old.split()[:1] == ["127.0.0.1"] for old in others) else ["127.0.0.1\tlocalhost"]
        target.write("/etc/hosts", "\n".join([*head, *others, line]) + "\n")
    if target.live and socket.gethostname() != name:
        target.command("hostnamectl", "set-hostname", name)


def timezone(target: ProvisionTarget, plan: Plan) -> None:
    """Set the system's time zone to that of the site."""
    zone = plan.settings.site.timezone
    if zone:
        target.link("/etc/localtime", f"/usr/share/zoneinfo/{zone}")
        target.write("/etc/timezone", zone + "\n")


def wifi(target: ProvisionTarget, plan: Plan) -> None:
    """Set up the wireless network, for NetworkManager, and the country whose rules the radio must follow."""
    network = plan.settings.wifi
    if network is None:
        target.remove(KEYFILE)
        target.remove(REGULATORY)
        return
    if "wifi.password" not in plan.lost:  # without its password the connection would be to an open network
        connection = keyfile(network.ssid, plan.secrets.get("wifi.password", ""), hidden=network.hidden)
        target.write(KEYFILE, connection, mode=0o600)
    target.write(REGULATORY, f"options cfg80211 ieee80211_regdom={network.country}\n")
    # Raspberry Pi OS keeps the radio off until a country is known, and remembers that across boots.
    for switch in sorted(target.path("/var/lib/systemd/rfkill").glob("*:wlan")):
        target.write(f"/var/lib/systemd/rfkill/{switch.name}", "0\n", mode=switch.stat().st_mode & 0o7777)
    target.command("iw", "reg", "set", network.country)  # the driver may be loaded already
    target.command("rfkill", "unblock", "wifi")


STEPS: tuple[Callable[[ProvisionTarget, Plan], None], ...] = (agent_files, hostname, timezone, wifi)
"""The steps in their order; :mod:`edge.provision.ssh` comes after them."""
