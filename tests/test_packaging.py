"""What pyproject.toml says of the project: its licence comes along, and what builds a release can read it."""

from __future__ import annotations

import re
import runpy
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]


def test_the_installed_version_is_the_one_in_pyproject():
    assert version("maitred") == PROJECT["version"]


def test_the_code_is_under_the_apache_licence_in_full():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_notice_says_that_the_licence_is_not_the_models():
    notice = re.sub(r"\s+", " ", (ROOT / "NOTICE").read_text(encoding="utf-8"))

    assert notice.startswith("maitred Copyright 2026 The maitred authors ")
    assert "the Apache License does not cover them" in notice


@pytest.mark.parametrize("model", sorted((ROOT / "edge" / "models").glob("*.tflite")), ids=lambda path: path.stem)
def test_the_notice_names_every_model_that_ships(model: Path):
    assert f"edge/models/{model.name}" in (ROOT / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*PROJECT["license-files"], PROJECT["readme"]])
def test_a_release_is_built_with_every_file_that_pyproject_names(name: str):
    release = runpy.run_path(str(ROOT / "firmware_config" / "release.py"))

    assert (ROOT / name).is_file()
    assert name in release["SOURCES"]


def test_the_locked_setuptools_can_build_the_project():
    (wanted,) = map(Requirement, PYPROJECT["build-system"]["requires"])
    locked = re.search(r"^setuptools==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)

    assert wanted.name == "setuptools"
    assert wanted.specifier.contains(locked[1]), f"{wanted}, but {locked[1]} is locked: see docs/releasing.md"
