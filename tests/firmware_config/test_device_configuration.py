"""The configuration a device starts from."""

from __future__ import annotations

import re
from pathlib import Path

from edge.config import load_settings

FILE = Path(__file__).resolve().parents[2] / "firmware_config" / "maitred.toml"


def test_a_device_starts_with_its_own_camera_and_sends_nothing():
    settings = load_settings(FILE)

    assert settings.camera.source == "picamera2:"
    assert settings.site.source == "maitred/my-restaurant/front-door"
    assert not settings.uplink.url


def test_the_lines_to_uncomment_are_valid_too(tmp_path: Path):
    file = tmp_path / "maitred.toml"
    file.write_text(re.sub(r"^# (?=\[\w+\]|\w+ = )", "", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE))

    settings = load_settings(file)

    assert settings.uplink.url.startswith("https://")
    assert settings.dashboard.password_file == Path("/etc/maitred/dashboard.password")
    assert settings.mqtt.username == "front-door"
    assert settings.entrance.line == ((0.1, 0.6), (0.9, 0.6))
    assert settings.uplink.secret_file == Path("/etc/maitred/uplink.secret")
