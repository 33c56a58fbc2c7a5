"""A folder is a mount of its own or not: as the kernel tells it on each kind of card, and for real."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.provision import mounts
from edge.provision.mounts import is_own_mount

STATE = Path("/var/lib/maitred-device")
# Fields as in proc_pid_mountinfo(5): number, parent, device, what of it, where.
CARD = """\
22 1 0:20 / / rw,relatime - overlay overlay rw
30 22 179:3 / /data rw,noatime - ext4 /dev/mmcblk0p3 rw
31 22 0:22 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw
"""
SLOTS = """\
22 1 179:2 / / ro,relatime - erofs /dev/mmcblk0p2 ro
30 22 179:6 / /persistent rw,relatime - ext4 /dev/mmcblk0p6 rw
31 22 179:6 /slots/system_a/var /var rw,relatime - ext4 /dev/mmcblk0p6 rw
"""
CASES = {
    "card": (CARD + "33 22 179:3 /device /var/lib/maitred-device rw - ext4 /dev/mmcblk0p3 rw\n", True),
    "card without its partition": (CARD.replace("179:3", "0:99"), False),
    "the same in the unit's view": (
        CARD + "40 22 0:20 /var/lib/maitred-device /var/lib/maitred-device rw - x x rw\n", False,
    ),
    "card in the unit's view": (
        CARD + "33 22 179:3 /device /var/lib/maitred-device ro - ext4 x rw\n"
        "40 33 179:3 /device /var/lib/maitred-device rw - ext4 x rw\n", True,
    ),
    "slots": (SLOTS + "33 31 179:6 /shared/var/lib/maitred-device /var/lib/maitred-device rw - ext4 x rw\n", True),
    "slots without the shared folder": (SLOTS, False),
    "the same in the slots' unit": (
        SLOTS + "40 31 179:6 /slots/system_a/var/lib/maitred-device /var/lib/maitred-device rw - ext4 x rw\n", False,
    ),
    "hidden below a later mount": (
        CARD + "33 22 179:3 /device /var/lib/maitred-device rw - ext4 x rw\n50 22 0:50 / /var rw - tmpfs x rw\n", False,
    ),
    "a name that only begins alike": (CARD + "33 22 179:3 /x /var/lib/maitred-device2 rw - ext4 x rw\n", False),
    "another folder with a blank in it": (CARD + "33 22 179:3 /a\\040b /var/a\\040b rw - ext4 x rw\n", False),
}  # fmt: skip


@pytest.mark.parametrize(("told", "expected"), CASES.values(), ids=CASES)
def test_mount_points_are_read_from_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, expected: bool
):
    (tmp_path / "mountinfo").write_text(told)
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(Path, "resolve", lambda path, strict: path)

    assert is_own_mount(STATE) is expected


def test_without_an_answer_of_the_kernel_or_without_the_folder_there_is_no_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert not is_own_mount(tmp_path / "nowhere")
    assert not is_own_mount(tmp_path)
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "mountinfo")
    assert not is_own_mount(tmp_path)
    (tmp_path / "mountinfo").write_text("")
    assert not is_own_mount(tmp_path)
    assert is_own_mount(Path("/proc"))  # by the device's number


def test_a_real_mount_in_a_namespace_of_its_own_is_found(tmp_path: Path):
    for name in ("from", "shared", "itself", "ram", "plain"):
        (tmp_path / name).mkdir()
    script = """
        set -e
        mount --bind "$1/from" "$1/shared"; mount --bind "$1/itself" "$1/itself"; mount -t tmpfs none "$1/ram"
        mkdir "$1/ram/in it"
        shift
        exec "$@"
    """
    program = (
        "import sys; from pathlib import Path; from edge.provision.mounts import is_own_mount;"
        "print([name for name in ('from', 'shared', 'itself', 'ram', 'ram/in it', 'plain')"
        " if is_own_mount(Path(sys.argv[1], name))])"
    )
    words = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        str(tmp_path),
        sys.executable,
        "-c",
        program,
        str(tmp_path),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode and ("unshare" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"this machine allows no view of its own: {done.stderr.strip()}")

    assert done.stdout.strip() == "['shared', 'ram']", done.stderr
