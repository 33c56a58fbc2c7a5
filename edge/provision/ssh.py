"""Logging in over the network: with a key, as maitred-admin, or not at all.

maitred-admin is a separate user, not root and not the agent. So root cannot log in over the network, and the log shows
under a name what was done by hand. The user has no password, so ``sudo`` does not ask for one.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from edge.errors import MaitredError
from edge.provision.steps import Plan
from edge.provision.target import ProvisionTarget
from edge.system import atomic_files

USER = "maitred-admin"
KEYS = f"/etc/ssh/authorized_keys.d/{USER}"
DAEMON = "/etc/ssh/sshd_config.d/10-maitred.conf"
SUDO = "/etc/sudoers.d/maitred-admin"
STATE = "/var/lib/maitred-device"
HOST_KEY = f"{STATE}/ssh/ssh_host_ed25519_key"


def ssh(target: ProvisionTarget, plan: Plan) -> None:
    """Let in people whose key is in the settings; without a key, nobody.

    Raises:
        MaitredError: a host key could not be made.
        OSError: something could not be written.
    """
    access = plan.settings.ssh
    if access is None:
        for path in (KEYS, SUDO, DAEMON):
            target.remove(path)
        return
    own = _host_key(target)
    target.write(DAEMON, _daemon(own=own))
    target.write(KEYS, "".join(f"{key}\n" for key in access.keys))
    target.write(SUDO, f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n", mode=0o440)
    # The system leaves ssh off, so it is started at each boot if there is a key. It starts after this unit, so this
    # must not wait for it.
    target.command("systemctl", "start", "--no-block", "ssh.service")


def _daemon(*, own: bool) -> str:
    return "\n".join([
        "# Written by `maitred provision`: [ssh] in maitred.toml on the boot partition.",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin no",
        "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/authorized_keys.d/%u",
        *([f"HostKey {HOST_KEY}"] if own else []),
        "",
    ])  # fmt: skip


def _host_key(target: ProvisionTarget) -> bool:
    """Whether the device has a host key of its own. One is made, once for ever, if the system has none."""
    path = target.path(HOST_KEY)
    partial = path.with_name("making")
    if path.exists():
        _clear(target, partial)
        return True
    if list(target.path("/etc/ssh").glob("ssh_host_*_key")):  # the system has its own, by which others know it
        return False
    target.changes.append(f"make {HOST_KEY}")
    if target.dry_run:
        return True
    program = shutil.which("ssh-keygen")
    if program is None:
        raise MaitredError("[ssh] needs ssh-keygen; install openssh-server")
    target.folder(path.parent.parent, 0o700)
    target.folder(path.parent, 0o700)
    _clear(target, partial)
    words = [program, "-q", "-t", "ed25519", "-N", "", "-C", "maitred", "-f", str(partial)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    if done.returncode:
        raise MaitredError(f"no host key for ssh could be made: {done.stderr.strip()}")
    # The public half comes first, so that both are there if the private one is.
    for new, final, mode in ((partial.with_suffix(".pub"), Path(f"{path}.pub"), 0o644), (partial, path, 0o600)):
        atomic_files.replace_file(final, new.read_bytes(), mode=mode)
        atomic_files.remove_file(new)
    return True


def _clear(target: ProvisionTarget, partial: Path) -> None:
    """Remove the half-made key that a power cut may have left."""
    if not target.dry_run:
        for leftover in (partial, partial.with_suffix(".pub")):
            atomic_files.remove_file(leftover)
