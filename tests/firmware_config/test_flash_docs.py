"""docs/flash.md: what an owner types is taken, and what the page says they see is what the device says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.cli import build_parser
from edge.dashboard.page import CAMERA_WORDS
from edge.provision.run import NOT_KEPT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "flash.md").read_text(encoding="utf-8")


def source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("quoted", "place"),
    [
        ("Download CSV", "edge/dashboard/templates/history.html"),
        ("no partition named MAITRED-ROOT", "firmware_config/image/init"),
        ("was taken over, but the device cannot read it any more", "edge/provision/check.py"),
        ("the database cannot be written", "edge/dashboard/templates/parts.html"),
        ("Device", "edge/dashboard/templates/base.html"),
    ],
)
def test_quoted_messages_are_the_real_ones(quoted: str, place: str):
    assert f'"{quoted}"' in PAGE
    said = source(place).replace("$label", "MAITRED-ROOT").lower()
    assert quoted.lower() in said


def test_the_page_names_the_camera_and_the_data_partition_as_the_device_does():
    assert f'"{CAMERA_WORDS["failed"]}" on the page' in PAGE
    start, end = re.search(r'"(the card\'s data partition) … (is missing or broken)"', PAGE).groups()
    assert NOT_KEPT.startswith(start)
    assert end in NOT_KEPT


@pytest.mark.parametrize("script", ["build.sh", "emulate.sh"])
def test_the_options_on_the_page_are_those_of_the_scripts(script: str):
    used = set(re.findall(r"--[a-z-]+", " ".join(re.findall(rf"firmware_config/{script}[^`\n]*", PAGE))))
    assert used or script == "emulate.sh"
    assert all(f"        {option})" in source(f"firmware_config/{script}") for option in used)


def test_the_commands_on_the_page_are_valid():
    text = PAGE.replace("\\\n", " ")
    commands = re.findall(r"/opt/maitred/bin/maitred ([^`\n>]+)", text)
    assert len(commands) == 2
    for command in commands:
        build_parser().parse_args(command.split())


def test_paths_and_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    for path in re.findall(r"^(?:cp|sudo|\S*) ?(edge/\S+|firmware_config/\S+)", PAGE, re.MULTILINE):
        assert (ROOT / path).is_file(), path
