"""CONTRIBUTING.md and CHANGELOG.md say what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEADS = re.findall(r"^## (\S+) - (\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_newest_version_in_the_changelog_is_the_one_in_pyproject():
    assert HEADS[0][0] == PYPROJECT["project"]["version"]


def test_versions_and_days_in_the_changelog_go_from_new_to_old():
    versions = [Version(version) for version, _ in HEADS]

    assert len(HEADS) == len(re.findall(r"^## ", CHANGELOG, re.MULTILINE))
    assert versions == sorted(versions, reverse=True)
    assert [day for _, day in HEADS] == sorted((day for _, day in HEADS), reverse=True)


def test_changes_are_of_the_kinds_that_keep_a_changelog_has():
    kinds = set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE))

    assert kinds
    assert kinds <= KINDS


@pytest.mark.parametrize(
    "name", sorted({name for row in re.findall(r"^  \| `.*\| (.*) \|$", CHANGELOG, re.MULTILINE)
                    for name in re.findall(r"`((?:edge|training|cloud|convert)[\w.]*)", row)})
)  # fmt: skip
def test_a_module_that_moved_is_where_the_changelog_says(name: str):
    assert (ROOT / name.strip(".").replace(".", "/")).is_dir()


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`([\w.-]+(?:/[\w.-]*)+)`", CONTRIBUTING))))
def test_a_place_that_contributing_names_is_there(place: str):
    assert (ROOT / place).exists()


def test_the_markers_on_the_page_are_those_that_tests_may_have():
    registered = {marker.partition(":")[0] for marker in PYPROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    table = CONTRIBUTING.split("| Marker | The test |\n")[1].split("\n\n")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == registered
