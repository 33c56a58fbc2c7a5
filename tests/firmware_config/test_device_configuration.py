"""The configuration a device starts from: on its boot partition, and as the agent's own file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from edge.config import load_settings
from edge.provision.check import EXAMPLE, check, examples
from edge.provision.document import template
from edge.provision.secrets import Vault

FILE = Path(__file__).resolve().parents[2] / "firmware_config" / "maitred.toml"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEr6Y7BmMqVjGS9/oD6RPpqlN7q0jDRLR8EeJcPlKV4z me@example"
TEXT = FILE.read_text(encoding="utf-8")


def uncommented(text: str) -> str:
    return re.sub(r"^# (?=\[\w+\]|\w+ = )", "", text, flags=re.MULTILINE)


def test_a_new_device_uses_its_own_camera_and_sends_nothing():
    settings = load_settings(FILE)

    assert settings.camera.source == "picamera2:"
    assert settings.site.source == "maitred/my-restaurant/front-door"
    assert not settings.uplink.url


def test_the_lines_to_uncomment_are_valid_as_the_agents_file_too(tmp_path: Path):
    text = re.sub(r"^# \w+ = .*\n# or, in /etc[^:]*: ", "", TEXT, flags=re.MULTILINE)
    text = re.sub(r"^# \[(device|wifi|ssh)\]\n(# \w+ = .*\n)+", "", text, flags=re.MULTILINE)
    file = tmp_path / "maitred.toml"
    file.write_text(uncommented(text))

    settings = load_settings(file)

    assert settings.uplink.url.startswith("https://")
    assert settings.entrance.line == ((0.1, 0.6), (0.9, 0.6))
    assert settings.dashboard.password_file == Path("/etc/maitred/dashboard.password")
    assert settings.mqtt.username == "front-door"
    assert settings.mqtt.password_file == Path("/etc/maitred/mqtt.password")
    assert settings.uplink.secret_file == Path("/etc/maitred/uplink.secret")


def test_the_lines_to_uncomment_are_valid_on_the_boot_partition(tmp_path: Path):
    text = uncommented(TEXT)
    own = {"whsec_": "whsec_" + base64.b64encode(b"of twenty-four bytes, too").decode(), "ssh-ed": KEY}
    for example in examples():
        text = text.replace(f'"{example}"', f'"{own.get(example[:6], "one of my own")}"')
    found = check(text, Vault(tmp_path))

    assert [str(problem) for problem in found.problems] == []
    assert found.settings.device.hostname == "maitred"
    assert found.settings.wifi is not None
    assert found.settings.wifi.country == "FR"
    assert found.settings.ssh is not None
    assert found.agent["dashboard"]["host"] == "0.0.0.0"
    assert set(found.new_secrets) == {"wifi.password", "dashboard.password", "uplink.secret", "mqtt.password"}


def test_an_example_value_that_was_left_is_refused_with_its_line(tmp_path: Path):
    """Anybody knows it; the key's point on the curve is one for which anybody can sign."""
    found = check(uncommented(TEXT), Vault(tmp_path))

    assert {problem.text for problem in found.problems} == {EXAMPLE}
    lines = [TEXT.splitlines()[problem.line - 1].split(" = ")[0] for problem in found.problems]
    assert lines == ["# password", "# password", "# secret", "# password", "# authorized_key"]
    assert len(examples()) == 5


def test_a_device_that_has_the_examples_key_keeps_its_other_settings(tmp_path: Path):
    text = '[device]\nhostname = "door"\n' + uncommented(TEXT[TEXT.index("# [ssh]") :])
    assert check(text, Vault(tmp_path)).problems
    assert check(text, Vault(tmp_path), applied=True).problems == ()


def test_the_package_holds_the_same_file():
    assert template() == TEXT
