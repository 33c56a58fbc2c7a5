"""A signed update of the real agent, installed on the emulated device, through a power cut and back again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.card.device import Device

pytestmark = pytest.mark.card

RELEASE = [sys.executable, str(Path(__file__).resolve().parents[2] / "firmware_config" / "release.py")]


def current(device: Device) -> str:
    return device.run("readlink /opt/maitred.d/current").strip()


def test_an_update_is_installed_survives_a_power_cut_and_goes_back(
    image: Path, settings: str, key: Path, tmp_path: Path
):
    """The release is that of this checkout once more: so any image of it will do."""
    subprocess.run([*RELEASE, "keys", "--out", str(tmp_path / "update")], check=True)
    made = tmp_path / "maitred-again.maitred"
    with Device(image, tmp_path / "device", settings, key) as device:
        device.start().wait_healthy()
        device.wait_ssh()
        python = device.run("readlink /usr/bin/python3").strip().removeprefix("python")
        words = ["--key", str(tmp_path / "update.key"), "--out", str(made), "--python", python]
        subprocess.run([*RELEASE, "bundle", *words], check=True)
        assert current(device) == "factory"

        unknown = device.ssh("/opt/maitred/bin/maitred update /dev/null")
        assert unknown.returncode == 2
        trusted = (tmp_path / "update.pub").read_text()
        folder = "/usr/share/maitred"
        device.run(f"mkdir -p {folder}; cat > {folder}/update.pub <<'END'\n{trusted}\nEND")
        device.send(made, "/data/again.maitred")

        told = device.run("/opt/maitred/bin/maitred update /data/again.maitred --allow-downgrade --watch 1800", 3600)
        new = current(device)
        assert new != "factory", told
        device.wait_healthy()

        device.pull_the_plug()
        device.start().wait_healthy()
        device.wait_ssh()
        assert current(device) == new

        device.run("/opt/maitred/bin/maitred update --back --watch 1800", 3600)
        assert current(device) == "factory"
        device.wait_healthy()
