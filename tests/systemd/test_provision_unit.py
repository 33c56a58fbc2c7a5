"""maitred-provision.service under a real systemd: a copy-on-write view of this machine is booted in a container.

What its sandbox forbids shows here and nowhere else: the host name goes over D-Bus, ssh is started, files get owners.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
"""Not the environment's own: it may lie in somebody's home, which the unit does not see."""
QUIET = ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service", "mosquitto.service",
         "postgresql.service", "systemd-binfmt.service", "binfmt-support.service")  # fmt: skip
FILE = """\
[device]
hostname = "door-7"
[site]
timezone = "Asia/Tokyo"
[uplink]
url = "https://census.example.com/v1/windows"
secret = "whsec_cHJvdmlzaW9uaW5nLCBpbiB0ZXN0cy4u"
[dashboard]
password = "a long password"
[ssh]
authorized_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEr6Y7BmMqVjGS9/oD6RPpqlN7q0jDRLR8EeJcPlKV4z me@example"
"""
# The probe writes to a file, for a container's console is slow to read, and ends the container.
PROBE = """\
[Unit]
After=maitred-provision.service multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sleep 2; (systemctl show -p Result -p ExecMainStatus maitred-provision; hostname; \
cat /etc/maitred/uplink.secret; stat -c "%%a %%U:%%G %%n" /etc/maitred/* /var/lib/maitred-device; \
grep -l whsec /boot/firmware/*; systemctl is-active getty@tty1 maitred) > /var/tmp/probe 2>&1; systemctl poweroff'
"""
SSH = "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'hostname > /var/tmp/ssh'\n"
AGENT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'cp /etc/hostname /var/tmp/agent'\n"
VIEW = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cp -R "$2/." "$1/root"
timeout 240 systemd-nspawn --quiet --register=no --keep-unit --boot -D "$1/root" --console=pipe --link-journal=no \
    >"$3/console" 2>&1 </dev/null || true
cp "$1/root/var/tmp/probe" "$1/root/var/tmp/ssh" "$1/root/var/tmp/agent" "$3"
cp "$1/root/boot/firmware/maitred.toml" "$3/after.toml"
"""


def possible() -> bool:
    tools = all(shutil.which(tool) for tool in ("systemd-nspawn", "hostnamectl", "unshare", "ssh-keygen"))
    if os.geteuid() != 0 or not tools or not Path("/lib/systemd/systemd").exists() or not Path(SYSTEM_PYTHON).exists():
        return False
    told = subprocess.run(
        [SYSTEM_PYTHON, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True
    )
    return told.stdout.strip() == str(sys.version_info[:2])


@pytest.mark.skipif(not possible(), reason="needs root, systemd-nspawn, D-Bus, and the system's Python to be this one")
def test_the_unit_does_its_work_in_its_sandbox(tmp_path: Path):
    added, out = tmp_path / "added", tmp_path / "out"
    out.mkdir()
    units = added / "etc/systemd/system"
    for folder in (units / "multi-user.target.wants", added / "opt/maitred/bin", added / "boot/firmware"):
        folder.mkdir(parents=True)
    program = added / "opt/maitred/bin/maitred"
    packages = f"{ROOT}:{sysconfig.get_paths()['purelib']}"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {SYSTEM_PYTHON} -m edge.cli "$@"\n')
    program.chmod(0o755)
    for kind in ("sysusers.d", "tmpfiles.d"):
        (added / "usr/lib" / kind).mkdir(parents=True)
        shutil.copy(ROOT / "systemd" / kind / "maitred.conf", added / "usr/lib" / kind)
    shutil.copy(ROOT / "systemd/maitred-provision.service", units)
    for name, text in (("probe", PROBE), ("ssh", SSH), ("maitred", AGENT)):
        (units / f"{name}.service").write_text(text)
    for name in ("maitred-provision", "probe", "maitred"):
        (units / "multi-user.target.wants" / f"{name}.service").symlink_to(f"../{name}.service")
    for name in QUIET:
        (units / name).symlink_to("/dev/null")
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    (added / "boot/firmware/maitred.toml").write_text(FILE)

    view = Path("/run") / f"maitred-unit-{os.getpid()}"
    view.mkdir()
    try:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", VIEW, "view", view, added, out],
            capture_output=True,
            text=True,
            timeout=400,
        )
    finally:
        view.rmdir()
    if not (out / "console").exists():
        pytest.skip(f"no view of this machine can be mounted: {done.stderr.strip()}")
    console = (out / "console").read_text(errors="replace")
    if "Failed to" in console and not (out / "probe").exists():
        pytest.skip(f"no container can be booted here: {console.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr + console

    told = (out / "probe").read_text().splitlines()
    assert told[:3] == ["Result=success", "ExecMainStatus=0", "door-7"]
    assert told[3] == "whsec_cHJvdmlzaW9uaW5nLCBpbiB0ZXN0cy4u"
    assert set(told[4:8]) == {
        "640 root:maitred /etc/maitred/dashboard.password", "640 root:maitred /etc/maitred/maitred.toml",
        "600 maitred:maitred /etc/maitred/uplink.secret", "700 root:root /var/lib/maitred-device",
    }  # fmt: skip
    assert (out / "ssh").read_text() == "door-7\n"
    assert (out / "agent").read_text() == "door-7\n"  # it came after
    after = (out / "after.toml").read_text()
    assert 'secret = ""' in after
    assert 'password = ""' in after
    assert not any("maitred.toml" in line for line in told[8:])
