"""What goes wrong with a device at a door: it comes up all the same, says what is wrong, and recovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.card.clip import one_patron
from tests.card.device import Device

pytestmark = pytest.mark.card


@pytest.fixture
def device(image: Path, settings: str, key: Path, tmp_path: Path):
    with Device(image, tmp_path, settings, key) as made:
        yield made


def test_a_mistake_in_the_settings_is_reported_and_the_last_good_ones_stay(device: Device, settings: str):
    device.start().wait_healthy()
    device.power_off()

    device.put("maitred.toml", settings.replace("Europe/Paris", "Europe/Pariss"))
    device.start().wait_healthy()
    device.wait_ssh()
    assert "Pariss" in device.run("cat /etc/issue.d/maitred.issue")
    device.power_off()
    told = device.get("maitred-problems.txt")
    assert told is not None
    assert "timezone" in told
    assert "Pariss" in told

    device.put("maitred.toml", settings)
    device.start().wait_healthy()
    device.wait_ssh()
    assert "Pariss" not in device.run("cat /etc/issue.d/maitred.issue")
    device.power_off()
    assert device.get("maitred-problems.txt") is None


def test_a_missing_camera_is_reported_and_used_once_it_is_there(device: Device, settings: str):
    there = settings.split('source = "')[1].split('"')[0]
    device.put("maitred.toml", settings.replace(there, "v4l2:/dev/video0"))
    device.start()
    device.wait("the dashboard", device.healthz)
    health = device.healthz()
    assert health is not None
    assert health["status"] == "failing"
    device.wait_ssh()
    assert "video0" in device.run("journalctl -u maitred -b --no-pager")
    assert device.run("systemctl is-active maitred").strip() == "active"
    device.power_off()

    device.put("maitred.toml", settings)
    device.start().wait_healthy()


def test_a_full_card_does_not_stop_counting_and_visits_are_written_once_there_is_room(device: Device, tmp_path: Path):
    device.start().wait_healthy()
    device.show(one_patron(tmp_path / "one.mp4"))
    # As root, past what is reserved for it: not a byte is left.
    device.run(
        "dd if=/dev/zero of=/data/full bs=1M 2>/dev/null; dd if=/dev/zero of=/data/full2 bs=4k 2>/dev/null; sync; true"
    )
    device.wait(
        "word of the full card",
        lambda: (
            "cannot be written"
            in device.run("systemctl status maitred --no-pager; journalctl -u maitred -b --no-pager")
        ),
    )
    assert device.run("systemctl is-active maitred").strip() == "active"
    before = device.database()["visits"]
    device.run("rm /data/full /data/full2; sync")
    device.wait("word of room", lambda: "counting" in device.run("systemctl show -p StatusText maitred"))
    device.wait("visits", lambda: device.database()["visits"] > before)


def test_without_a_network_counting_goes_on(device: Device, settings: str):
    device.put(
        "maitred.toml",
        settings + '\n[uplink]\nurl = "https://census.invalid/v1"\nsecret = "whsec_cHJvdmlzaW9uaW5nLCBpbiB0ZXN0cy4u"\n',
    )
    device.start().wait_healthy()
    device.wait_ssh()
    assert "census.invalid" in device.run("journalctl -u maitred -b --no-pager; cat /etc/maitred/maitred.toml")
