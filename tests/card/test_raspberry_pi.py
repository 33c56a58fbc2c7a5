"""The image as the SD card of a Raspberry Pi 3B, as far as the emulator knows one: its drivers, not its network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.card.device import Device

pytestmark = pytest.mark.card


def test_it_boots_from_its_own_sd_card_to_the_login_prompt(image: Path, settings: str, key: Path, tmp_path: Path):
    with Device(image, tmp_path, settings, key, machine="raspi3b") as device:
        device.start()

        def console() -> str:
            return device.console.read_text(errors="replace") if device.console.exists() else ""

        device.wait("login prompt", lambda: "maitred login:" in console())
        assert "Failed to start" not in console()
        assert "Starting" in console()
        assert "maitred.service" in console()
