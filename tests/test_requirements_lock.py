"""requirements.lock: what a device installs fits setup.py, and every file of it is known by its hash."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENTRIES = re.split(r"\n(?=[a-zA-Z0-9])", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE).strip())
DEVICE = {"platform_machine": "aarch64", "sys_platform": "linux", "python_version": "3.11", "extra": ""}


def wanted(monkeypatch: pytest.MonkeyPatch) -> list[Requirement]:
    """What setup.py asks for on a device, with [mqtt]."""
    given: dict[str, object] = {}
    monkeypatch.setattr(setuptools, "find_packages", lambda **_: [])
    monkeypatch.setattr(setuptools, "setup", lambda **values: given.update(values))
    runpy.run_path(str(ROOT / "setup.py"))
    found = [Requirement(line) for line in (*given["install_requires"], *given["extras_require"]["mqtt"])]
    return [each for each in found if each.marker is None or each.marker.evaluate(DEVICE)]


def test_every_entry_is_pinned_and_has_hashes_and_no_address():
    assert len(ENTRIES) > 15
    for entry in ENTRIES:
        assert re.match(r"[a-z0-9][a-z0-9.-]*==[0-9][^\s;]*( ; [^\\]+)? \\\n", entry), entry
        assert re.fullmatch(r"[^\n]+(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+", entry), entry
    assert "://" not in TEXT
    assert "index-url" not in TEXT


def test_the_lock_satisfies_setup_py(monkeypatch: pytest.MonkeyPatch):
    locked = dict(entry.split(" ", 1)[0].split("==") for entry in ENTRIES)
    requirements = wanted(monkeypatch)

    assert len(requirements) > 10
    for requirement in requirements:
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, (
            f"{requirement} is not in requirements.lock; docs/releasing.md tells how to renew it"
        )
        assert requirement.specifier.contains(version), f"{requirement}, but {version} is locked"


def test_no_package_of_training_or_conversion_is_installed_on_a_device():
    names = {entry.split("==")[0] for entry in ENTRIES}

    assert (
        not {"tensorflow", "tensorflow-cpu", "keras", "scikit-learn", "matplotlib", "onnx", "tensorboard", "pytest"}
        & names
    )


def test_the_command_on_the_page_installs_what_the_lock_pins():
    page = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")

    assert "--extra mqtt" in page
    assert "--generate-hashes" in page
    assert "--no-emit-index-url" in page
