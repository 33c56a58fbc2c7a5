"""docs/images/architecture.svg shows the packages and their imports as they are."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from tests.architecture.floors import FLOORS
from tests.architecture.imports import ROOT
from tests.architecture.picture import picture

pytestmark = pytest.mark.slow

PICTURE = ROOT / "docs" / "images" / "architecture.svg"
COMMAND = "python -m tests.architecture.picture --out docs/images/architecture.svg"


def test_the_picture_is_of_the_imports_as_they_are():
    assert PICTURE.read_text(encoding="utf-8") == picture(), f"{PICTURE.name} is out of date: {COMMAND}"


def test_the_picture_comes_out_the_same_in_another_process():
    command = [sys.executable, "-m", "tests.architecture.picture"]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "1"}).stdout

    assert printed.decode() == picture()


def test_the_picture_shows_every_package_inside_its_bounds():
    svg = ElementTree.fromstring(picture())
    width, height = float(svg.get("width")), float(svg.get("height"))
    names = {text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")}

    for rect in svg.iter("{http://www.w3.org/2000/svg}rect"):
        x, y = float(rect.get("x", 0)), float(rect.get("y", 0))
        assert 0 <= x <= x + float(rect.get("width")) <= width
        assert 0 <= y <= y + float(rect.get("height")) <= height
    for floors in FLOORS.values():
        for package in (package for floor in floors for package in floor):
            assert {package.partition(".")[2], package, f"import {package}"} & names


def test_the_page_names_every_package():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [package for floors in FLOORS.values() for floor in floors for package in floor]

    assert [package for package in packages if f"`{package}`" not in page] == []
