"""The card in an emulated machine, from first boot to switch-off: one device, looked at from outside and inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.card.clip import beginning, one_patron
from tests.card.device import PASSWORD, Device

pytestmark = pytest.mark.card


@pytest.fixture(scope="module")
def device(image: Path, settings: str, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with Device(image, tmp_path_factory.mktemp("device"), settings, key) as made:
        made.start().wait_healthy()
        yield made


def test_the_agent_runs_after_the_first_boot(device: Device):
    assert device.healthz()["status"] == "ok"


def test_nothing_has_failed(device: Device):
    device.wait_ssh()
    assert device.run("systemctl --failed --no-legend --plain") == ""


def test_the_settings_lost_their_secrets_and_nothing_else(device: Device):
    text = device.run("cat /boot/firmware/maitred.toml; ls /boot/firmware")
    assert PASSWORD not in text
    assert 'timezone = "Europe/Paris"' in text
    assert "maitred-problems.txt" not in text
    assert device.run("cat /etc/hostname; readlink /etc/localtime").split() == [
        "maitred",
        "/usr/share/zoneinfo/Europe/Paris",
    ]


def test_the_data_partition_took_the_rest_of_the_card(device: Device):
    kilobytes = int(device.run("df --output=size -k /data | tail -1"))
    assert kilobytes > 2_000_000  # of a card of 4 GB; the image has 64 MB of it


def test_the_root_is_read_only_and_data_is_on_the_data_partition(device: Device):
    assert device.run("findmnt -no FSTYPE /").strip() == "overlay"
    lower = device.run("grep MAITRED-ROOT /proc/mounts || awk '$2 == \"/\"' /proc/mounts")
    assert "lowerdir=/lower" in lower
    for place in ("/var/lib/maitred", "/etc/maitred", "/var/lib/maitred-device", "/var/lib/systemd"):
        assert device.run(f"findmnt -no TARGET --target {place}").strip() == place
    assert "ro," in device.run("findmnt -no OPTIONS /boot/firmware")


def test_the_database_and_the_secrets_are_where_they_survive(device: Device):
    assert "maitred.db" in device.run("ls /data/maitred")
    assert device.run("stat -c '%U %a' /data/device /data/config/maitred.toml").split("\n")[:2] == [
        "root 700",
        "root 640",
    ]


def test_visits_show_in_a_real_browser(device: Device, browser, tmp_path: Path):
    device.show(one_patron(tmp_path / "one.mp4"))
    device.wait_healthy()
    page = browser.new_page(viewport={"width": 1280, "height": 1420})
    page.goto(f"http://127.0.0.1:{device.http_port}/", timeout=300_000)
    page.fill("input[type=password]", PASSWORD)
    page.press("input[type=password]", "Enter", timeout=300_000)

    def shown() -> int:
        answer = page.request.get(f"http://127.0.0.1:{device.http_port}/api/v1/visits?limit=50", timeout=300_000)
        return len(answer.json()["visits"])

    assert device.wait("visits", shown) >= 1
    page.goto(f"http://127.0.0.1:{device.http_port}/", timeout=300_000)
    assert "emulated" in page.content()
    if folder := os.environ.get("MAITRED_CARD_PICTURES"):
        page.screenshot(path=str(Path(folder) / "card-dashboard.png"))
    page.close()


def test_the_same_clip_gives_the_same_visits_and_census_as_here(device: Device, tmp_path: Path):
    # Without loss and in RGB: how YUV becomes RGB differs between processors by a level or two of 255.
    clip = beginning(tmp_path / "clip.avi", codec="png ")
    words = [sys.executable, "-m", "edge.cli", "count", str(clip), "--json"]
    here = subprocess.run(words, capture_output=True, text=True, check=True)
    device.run("systemctl stop agent")
    device.send(clip, "/data/clip.avi")
    there = device.run("/opt/maitred/bin/maitred count /data/clip.avi --json", timeout_s=3600)
    device.run("systemctl start agent")
    ours, theirs = json.loads(here.stdout), json.loads(there)
    assert len(ours["visits"]) == len(theirs["visits"]) > 0
    for one, other in zip(ours["visits"], theirs["visits"], strict=True):
        for name in ("id", "started_s", "ended_s", "direction", "gender", "observations"):
            assert one[name] == other[name], (name, one, other)
        # One quantisation step of an age logit moves the mean by less than this.
        assert one["age"] == pytest.approx(other["age"], abs=0.2)
    assert ours["census"]["counts"] == theirs["census"]["counts"]


def test_the_agent_stops_and_starts_under_its_other_name(device: Device):
    device.run("systemctl stop agent")
    assert device.ssh("systemctl is-active agent").stdout.strip() == "inactive"
    device.run("systemctl start agent")
    assert device.run("systemctl is-active maitred").strip() == "active"
    device.wait_healthy()


@pytest.mark.parametrize("unit", ["maitred", "maitred-dashboard"])
def test_the_units_are_hardened(device: Device, unit: str):
    line = device.run(f"systemd-analyze security {unit}.service --no-pager | tail -1")
    assert float(line.split("level for")[1].split(":")[1].split()[0]) <= 2.0, line


def test_the_units_are_well_formed(device: Device):
    done = device.ssh("systemd-analyze verify maitred.service maitred-dashboard.service maitred-provision.service 2>&1")
    assert done.stdout.strip() == ""


def test_only_the_ports_on_the_page_are_open(device: Device):
    listening = device.run("ss -Hlntu | awk '{print $1, $5}'").split("\n")
    ports = {line.split()[0] + line.rsplit(":", 1)[1] for line in listening if line}
    # Dashboard, ssh (a key is named), mDNS, which answers from a port of its own too.
    fixed = {port for port in ports if int(port[3:]) < 32768}
    assert fixed == {"tcp8000", "tcp22", "udp5353"}


def test_nobody_has_a_password(device: Device):
    hashes = [line.split(":")[1] for line in device.run("cat /etc/shadow").splitlines()]
    assert all(entry[:1] in ("!", "*") for entry in hashes)


def test_swap_is_in_memory_and_logs_are_too(device: Device):
    assert device.run("swapon --noheadings --show=NAME").split() == ["/dev/zram0"]
    assert device.run("ls /var/log/journal 2>/dev/null || true") == ""


def test_it_shuts_down_cleanly(device: Device):
    device.power_off()
    checked = subprocess.run(
        ["mdir", "-i", f"{device.card}@@4M", "-b", "::"], capture_output=True, text=True, check=False
    )
    assert "maitred.toml" in checked.stdout
    assert "Power down" in device.console.read_text(errors="replace")
