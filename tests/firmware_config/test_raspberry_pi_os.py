"""What is copied onto Raspberry Pi OS's boot partition: made, read, its first start tried in a view of this machine.

The installation itself is install.sh, which test_install.py runs for real. On a Pi none of this was run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.firmware_config.test_install import HERE, ROOT, in_a_view, possible

pytestmark = pytest.mark.slow

FOLDER = ROOT / "firmware_config" / "raspberry-pi-os"
SCRIPTS = ("make.sh", "first-start.sh", "install-once.sh")
SCHEMA = Path("/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json")
CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 fsck.repair=yes rootwait quiet"
WIFI = '[wifi]\nssid = "Chez"\npassword = "12345678"\ncountry = "fr"\n'


def make(out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FOLDER / "make.sh", out], capture_output=True, text=True, check=False)


@pytest.fixture
def bookworm(tmp_path: Path) -> Path:
    boot = tmp_path / "bootfs"
    boot.mkdir()
    (boot / "cmdline.txt").write_text(f"{CMDLINE}\r\n")
    assert make(boot).returncode == 0
    return boot


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing(script: str):
    done = subprocess.run(["shellcheck", FOLDER / script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_bookworm_runs_the_script_once(bookworm: Path):
    line = (bookworm / "cmdline.txt").read_text()
    assert make(bookworm).returncode == 0  # again, with a newer clone

    assert (bookworm / "cmdline.txt").read_text() == line
    assert line.startswith(f"{CMDLINE} systemd.run=/boot/firmware/maitred/first-start.sh ")
    assert line.endswith("systemd.unit=kernel-command-line.target\n")
    assert line.count("\n") == 1
    assert not (bookworm / "user-data").exists()
    assert not list(bookworm.rglob("*.new"))


def test_trixie_gets_user_data_and_keeps_its_cmdline(tmp_path: Path):
    (tmp_path / "meta-data").write_text("instance_id: rpios-image\n")
    (tmp_path / "cmdline.txt").write_text(CMDLINE)
    (tmp_path / "user-data").write_text("#cloud-config\n")
    (tmp_path / "maitred.toml").write_text(WIFI)
    assert make(tmp_path).returncode == 0

    assert (tmp_path / "cmdline.txt").read_text() == CMDLINE
    assert (tmp_path / "maitred.toml").read_text() == WIFI
    assert "first-start.sh" in (tmp_path / "user-data").read_text()


def test_an_empty_folder_gets_all_files_and_the_next_steps_are_printed(tmp_path: Path):
    done = make(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"maitred", "maitred.toml", "user-data"}
    assert "systemd.run=/boot/firmware/maitred/first-start.sh" in done.stdout
    with tarfile.open(tmp_path / "maitred" / "maitred.tar.gz") as packed:
        names = set(packed.getnames())
    assert {"maitred/setup.py", "maitred/firmware_config/install.sh", "maitred/edge/models/face.tflite"} <= names
    assert (tmp_path / "maitred.toml").read_text() == (ROOT / "firmware_config" / "maitred.toml").read_text()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    done = make(tmp_path / "nowhere")
    assert done.returncode == 2
    assert "no such folder" in done.stderr


def test_the_cloud_config_has_the_keys_that_cloud_init_knows():
    yaml = pytest.importorskip("yaml")
    text = (FOLDER / "user-data").read_text()
    assert text.startswith("#cloud-config\n")
    config = yaml.safe_load(text)

    assert set(config) == {"preserve_hostname", "manage_etc_hosts", "ssh_pwauth", "users", "runcmd"}
    assert [user["name"] for user in config["users"]] == ["maitred-admin"]  # a list without default: no default user
    assert config["users"][0]["lock_passwd"] is True
    assert config["runcmd"] == [["sh", "/boot/firmware/maitred/first-start.sh", "--now"]]


@pytest.mark.skipif(not SCHEMA.exists(), reason="cloud-init is not installed")
def test_the_cloud_config_is_valid_by_cloud_inits_own_schema():
    yaml, jsonschema = pytest.importorskip("yaml"), pytest.importorskip("jsonschema")
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text())).validate(
        yaml.safe_load((FOLDER / "user-data").read_text())
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path):
    text = (FOLDER / "maitred-install.service").read_text()
    (tmp_path / "maitred-install.service").write_text(text.replace("/usr/local/sbin/maitred-install", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "./maitred-install.service"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in (done.stdout + done.stderr).splitlines() if "maitred" in line] == []


def test_the_first_start_installs_maitred_and_disables_itself(bookworm: Path, tmp_path: Path):
    if not possible():
        pytest.skip("needs root, and a mount namespace with an overlay")
    found = in_a_view(tmp_path / "view", f"""
        export MAITRED_BOOT={bookworm}
        sh {bookworm}/maitred/first-start.sh
        cat {bookworm}/cmdline.txt
        readlink /etc/systemd/system/multi-user.target.wants/maitred-install.service
        stat -c '%a %n' /usr/local/sbin/maitred-install
        sh {bookworm}/maitred/first-start.sh
        cat {bookworm}/cmdline.txt
    """)  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == [
        CMDLINE, "/etc/systemd/system/maitred-install.service", "755 /usr/local/sbin/maitred-install", CMDLINE
    ]  # fmt: skip


@pytest.mark.skipif(not HERE or os.geteuid() != 0, reason="needs root on a 64-bit Debian")
def test_a_dry_run_of_the_installation_prints_the_steps(bookworm: Path, tmp_path: Path):
    (bookworm / "maitred.toml").write_text(WIFI)
    environment = dict(os.environ) | {"MAITRED_BOOT": str(bookworm), "MAITRED_SOURCE": str(tmp_path / "source")}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        ["sh", FOLDER / "install-once.sh", "--dry-run"], capture_output=True, text=True, check=False, env=environment
    )

    assert done.returncode == 0, done.stderr
    steps = done.stdout.splitlines()
    wanted = [
        "nmcli connection up maitred-wifi", "apt-get update -q", "systemctl enable maitred.service",
        "systemctl restart maitred-provision.service", "systemctl disable maitred-install.service",
        f"rm -rf {bookworm}/maitred",
    ]  # fmt: skip
    places = [next(number for number, step in enumerate(steps) if step.startswith(want)) for want in wanted]
    assert places == sorted(places)
    assert not (bookworm / "maitred-problems.txt").exists()


@pytest.mark.parametrize(
    ("text", "code", "out"),
    [
        (WIFI, 0, "FR\n"),
        ('[site]\nname = "x"\n', 0, ""),
        ("[wifi]\nssid = 3\n", 0, ""),
        ("wifi = 3\n", 0, ""),
        ("[wifi]\nssid = “Chez”\n", 1, ""),
    ],
)
def test_the_wifi_is_set_up_with_the_standard_library_alone(tmp_path: Path, text: str, code: int, out: str):
    (tmp_path / "maitred.toml").write_text(text)
    # -S: no installed package can be seen, as on a fresh system.
    done = subprocess.run(
        ["python3", "-S", "-m", "edge.provision.early", tmp_path, tmp_path / "root"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, out), done.stderr
    connection = tmp_path / "root/etc/NetworkManager/system-connections/maitred-wifi.nmconnection"
    assert connection.exists() == bool(out)
    if out:
        assert connection.stat().st_mode & 0o777 == 0o600
        assert "psk=12345678\n" in connection.read_text()
    if code:
        assert "line 2: ssid: has curly quotes" in done.stderr
