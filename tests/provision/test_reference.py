"""docs/provisioning.md says what the code does."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge.config import Settings
from edge.provision import keyfile, ssh, steps
from edge.provision.check import EXAMPLE, FILES, check, examples
from edge.provision.reference import SECTIONS, reference
from edge.provision.secrets import SECRETS, Vault
from edge.provision.settings import DeviceSettings

ROOT = Path(__file__).resolve().parents[2]
OWN_SECRET = "whsec_" + base64.b64encode(b"of twenty-four bytes, too").decode()
PAGE = (ROOT / "docs" / "provisioning.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_is_what_the_generator_prints():
    printed = subprocess.run(
        [sys.executable, "-m", "edge.provision.reference"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert printed.stdout == PAGE, (
        "docs/provisioning.md is out of date: python -m edge.provision.reference > docs/provisioning.md"
    )


def test_the_example_is_valid_and_says_what_it_shows(tmp_path: Path):
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
    assert {problem.text for problem in check(example, Vault(tmp_path)).problems} == {EXAMPLE}
    for left in examples():
        example = example.replace(left, OWN_SECRET if left.startswith("whsec_") else "one of my own")
    found = check(example, Vault(tmp_path))
    assert found.problems == ()
    assert found.settings.wifi.country == "FR"
    assert len(found.new_secrets) == 3


def test_every_key_that_the_agent_does_not_know_is_on_the_page():
    documented = {name: set(keys or model.model_fields) for name, model, keys in SECTIONS}
    for name, about in DeviceSettings.model_fields.items():
        model = next(
            one
            for one in (about.annotation, *getattr(about.annotation, "__args__", ()))
            if hasattr(one, "model_fields")
        )
        agents = Settings.model_fields[name].annotation.model_fields if name in Settings.model_fields else {}
        assert set(model.model_fields) - set(agents) == documented.get(name, set()), name
        for key in documented.get(name, ()):
            field = model.model_fields[key]
            assert field.description.endswith((".", "…."))
            assert f"| `{key}` |" in reference().split(f"## `[{name}]`")[1].split("\n## ")[0]


def test_every_secret_is_a_key_of_the_file():
    for secret in SECRETS:
        model = DeviceSettings.model_fields[secret.section].annotation
        model = next(one for one in (model, *getattr(model, "__args__", ())) if hasattr(one, "model_fields"))
        assert secret.key in model.model_fields


def test_the_paths_on_the_page_are_those_of_the_code():
    for path in (
        steps.CONFIG,
        keyfile.KEYFILE,
        steps.REGULATORY,
        ssh.KEYS,
        ssh.DAEMON,
        ssh.SUDO,
        ssh.STATE,
        steps.BY_HAND,
    ):
        assert f"`{path}`" in PAGE, path
    for _, _, path in FILES.values():
        assert f"`{path}`" in PAGE


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    assert "docs/provisioning.md" in (ROOT / "README.md").read_text(encoding="utf-8")
