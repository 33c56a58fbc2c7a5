"""install.sh, run for real as root in a copy-on-write view of this machine that is thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "firmware_config" / "install.sh"
HERE = os.uname().machine in ("x86_64", "aarch64") and shutil.which("apt-get") is not None

# An overlay over the whole system: what is written goes to a file system in memory, which ends with the last process.
VIEW = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --bind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
mkdir -p "$1/root/run"
mount -t tmpfs tmpfs "$1/root/run"
# A maitred that is installed on this machine is not in the view.
rm -rf "$1"/root/opt/maitred* "$1"/root/etc/maitred* "$1"/root/var/lib/maitred* "$1"/root/usr/lib/maitred* \
    "$1"/root/usr/share/maitred* "$1"/root/etc/systemd/system/*maitred* "$1"/root/usr/lib/systemd/system/maitred*
exec chroot "$1/root" sh -eu -c "$2"
"""


def in_a_view(folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", VIEW, "view", str(folder), commands], capture_output=True, text=True
    )


def possible() -> bool:
    if os.geteuid() != 0 or not HERE or shutil.which("unshare") is None:
        return False
    folder = Path(f"/run/maitred-test-view-{os.getpid()}")
    try:
        return in_a_view(folder, "true").returncode == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_shellcheck_finds_nothing():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    found = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def test_an_unknown_option_is_refused():
    found = subprocess.run([SCRIPT, "--nonsense"], capture_output=True, text=True)
    assert found.returncode == 2
    assert "unknown option --nonsense" in found.stderr


@pytest.mark.skipif(not HERE, reason="not a 64-bit Debian")
def test_a_dry_run_prints_the_steps_and_changes_nothing():
    def releases() -> list[Path]:
        return sorted(Path("/opt").glob("maitred*/*"))

    before = releases()
    found = subprocess.run([SCRIPT, "--dry-run"], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    enabled = "maitred.service maitred-provision.service maitred-settle.service maitred-update.service"
    assert f"systemctl enable {enabled}" in found.stdout
    assert releases() == before


@pytest.mark.skipif(not HERE, reason="not a 64-bit Debian")
def test_another_user_than_root_is_refused():
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--clear-groups", "sh", str(SCRIPT)]
    else:
        command = ["sh", str(SCRIPT)]
    found = subprocess.run(command, capture_output=True, text=True)
    if "Permission denied" in found.stderr or "can't open" in found.stderr.lower():
        pytest.skip("the checkout is not readable for others")
    assert found.returncode == 2
    assert "must run as root" in found.stderr


@pytest.mark.parametrize("name", ["", "../x", "current", "x.part", ".lock"])
def test_a_release_name_that_is_not_a_plain_folder_name_is_refused(name: str):
    found = subprocess.run([SCRIPT, "--dry-run", "--name", name], capture_output=True, text=True)
    assert found.returncode == 2
    assert f"--name '{name}'" in found.stderr


def test_it_does_not_run_during_an_update_and_replaces_no_release(tmp_path: Path):
    if not possible():
        pytest.skip("needs root, and a mount namespace with an overlay")
    found = in_a_view(tmp_path / "view", f"""
        mkdir -p /opt/maitred.d/factory
        flock /opt/maitred.d/.lock {SCRIPT} --no-start || echo "ended with $?"
        {SCRIPT} --no-start --name factory || echo "ended with $?"
        ls -A /opt/maitred.d /opt/maitred.d/factory
    """)  # fmt: skip
    assert found.stderr.splitlines() == [
        "install.sh: an update is under way; wait until it has ended",
        "install.sh: /opt/maitred.d/factory exists already; give another --name",
    ]
    assert found.stdout.split("\n/opt")[0].splitlines()[:2] == ["ended with 2", "ended with 2"]
    assert found.stdout.split()[6:] == ["/opt/maitred.d:", ".lock", "factory", "/opt/maitred.d/factory:"]


def test_it_installs_updates_and_uninstalls(tmp_path: Path):
    if not possible():
        pytest.skip("needs root, and a mount namespace with an overlay")
    (tmp_path / "update.pub").write_text("maitred-ed25519 " + 43 * "A" + "= test\n")
    steps = f"""
        {SCRIPT} --no-start --update-key {tmp_path}/update.pub
        stat -c '%a %U:%G %n' /etc/maitred/maitred.toml /var/lib/maitred
        readlink -f /etc/systemd/system/agent.service
        /opt/maitred/bin/maitred doctor --config /etc/maitred/maitred.toml || true
        echo '# mine' >> /etc/maitred/maitred.toml
        echo count > /var/lib/maitred/maitred.db
        readlink /opt/maitred
        first=$(readlink /opt/maitred.d/current)
        mkdir -p /opt/maitred.d/factory /opt/maitred.d/old/bin
        touch /opt/maitred.d/trial
        {SCRIPT} --no-start
        [ "$first" != "$(readlink /opt/maitred.d/current)" ] && [ "$first" = "$(readlink /opt/maitred.d/previous)" ]
        [ -x "/opt/maitred.d/$first/bin/maitred" ] && [ -e "/opt/maitred.d/$first/ready" ] && echo "one back is kept"
        ls /opt/maitred.d | wc -l
        cat /usr/share/maitred/update.pub
        /usr/lib/maitred/settle boot && /opt/maitred/bin/maitred --version
        tail -n 1 /etc/maitred/maitred.toml
        {SCRIPT} --uninstall
        ls /opt /etc/systemd/system /usr/lib/systemd/system /usr/lib/maitred || true
        cat /var/lib/maitred/maitred.db
        {SCRIPT} --purge
        [ ! -e /etc/maitred ] && [ ! -e /var/lib/maitred ] && echo "purged"
    """
    found = in_a_view(tmp_path / "view", steps)
    assert found.returncode == 0, found.stderr
    out = found.stdout
    assert "640 root:maitred /etc/maitred/maitred.toml" in out
    assert "750 maitred:maitred /var/lib/maitred" in out
    assert "/usr/lib/systemd/system/maitred.service" in out
    assert "\nmaitred.d/current\n" in out
    assert "\n5\n" in out  # two releases, the image's own, and two links
    assert "maitred-ed25519 AAAA" in out
    assert "face 2 on" in out  # the models are in it, and run
    assert "one back is kept\n" in out
    assert "# mine\n/etc/maitred, /var/lib/maitred and /var/lib/maitred-device stay (--purge" in out
    # What is left: other packages have units whose names hold "settle" too.
    left = out.partition("device stay (--purge")[2].splitlines()[1:]
    assert [name for name in left if name.startswith("maitred") or name in ("settle", "agent.service")] == []
    assert "count" in left
    assert left[-1] == "purged"
