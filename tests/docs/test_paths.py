"""Every file, folder and module that the documentation names is there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("cloud", "convert", "docs", "edge", "examples", "firmware_config", "systemd", "tests", "training")
PATH = re.compile(rf"(?<![\w./-])(?:\./)?((?:{'|'.join(FOLDERS)})/[\w./*-]*)")
MODULE = re.compile(r"python[\d.]* -m ([\w.]+)")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)")


def named(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Pairs of page and what the pattern finds in it, each once."""
    return sorted(
        {(str(page.relative_to(ROOT)), found) for page in PAGES for found in pattern.findall(page.read_text("utf-8"))}
    )


@pytest.mark.parametrize(("page", "path"), named(PATH))
def test_a_path_in_the_docs_exists(page: str, path: str):
    assert list(ROOT.glob(path.rstrip("/."))), f"{page} names {path}, which is not there"


@pytest.mark.parametrize(("page", "module"), named(MODULE))
def test_a_module_in_the_docs_can_be_run(page: str, module: str):
    spec = find_spec(module)
    assert spec, f"{page} runs {module}, which is not there"
    package = spec.submodule_search_locations is not None
    assert not package or find_spec(f"{module}.__main__"), f"{page} runs {module}, a package without a __main__"


@pytest.mark.parametrize(("page", "target"), named(LINK))
def test_a_link_in_the_docs_leads_to_a_file(page: str, target: str):
    assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}, which is not there"


def test_paths_modules_and_links_are_found_in_the_docs():
    assert ("docs/conversion.md", "training/detector/blazeface.py") in named(PATH)
    assert ("docs/conversion.md", "convert.rebuild") in named(MODULE)
    assert ("docs/conversion.md", "census.md") in named(LINK)
