"""Every example of docs/python-api.md runs, and prints what the page shows."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import time
from pathlib import Path
from typing import Any

import cv2
import pytest

import edge
from edge.counting.visit import Visit
from edge.demo import CLIP
from edge.store import Store
from edge.vision.analyze import Face

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = {text.partition("\n")[0].strip("# "): text for text in re.split(r"^## ", PAGE, flags=re.MULTILINE)}
EXAMPLES = {title: blocks for title, text in SECTIONS.items() if (blocks := BLOCK.findall(text))}
PHOTO_INDEX = 220
"""A frame of the demo clip with a woman and a child in it."""


@pytest.fixture
def folder(tmp_path: Path, short_clip: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader of the page has the files that it names."""
    with edge.open_camera(CLIP) as camera:
        photo = next(frame.image for frame in camera if frame.index == PHOTO_INDEX)
    cv2.imwrite(str(tmp_path / "photo.jpg"), photo, [cv2.IMWRITE_JPEG_QUALITY, 95])
    (tmp_path / "clip.mp4").symlink_to(short_clip)
    (tmp_path / "maitred.toml").write_text('[site]\nname = "corner"\n', encoding="utf-8")
    now = time.time()
    with Store.open(tmp_path / "maitred.db") as store:
        store.record([Visit(now - 60, now - 53.8, 90, 34.2, (28.0, 41.0), 0.17, "in")], now - 50)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without_figures(text: str) -> str:
    """Another machine may differ in the last digit, and a clock always does."""
    return re.sub(r"\d+(\.\d+)?", "0", text).strip()


@pytest.mark.slow
@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_of_a_section_run_and_print_what_the_page_shows(title: str, folder: Path):
    names: dict[str, Any] = {"__name__": "example"}
    printed = ""
    for number, (language, text) in enumerate(EXAMPLES[title], start=1):
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(text, f"python-api.md, {title}, {number}", "exec"), names)
            printed = out.getvalue()
        else:
            assert language == "text"
            assert without_figures(printed) == without_figures(text)


def test_the_lines_in_the_readme_find_faces(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    ((_, text),) = [block for block in BLOCK.findall((ROOT / "README.md").read_text()) if block[0] == "python"]
    names: dict[str, Any] = {}
    exec(compile(text, "README.md", "exec"), names)
    assert len(names["faces"]) >= 2


def test_the_page_has_examples_of_all_that_is_offered():
    code = "".join(text for blocks in EXAMPLES.values() for language, text in blocks if language == "python")
    imported = {
        name.strip()
        for names in re.findall(r"^from edge import (.+)$", code, re.MULTILINE)
        for name in names.split(",")
    }
    assert set(edge.__all__) - imported == {"Camera", "Frame", "Visit"}  # which the others give


def test_the_table_of_names_is_that_of_the_package():
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \|", SECTIONS["All names"], re.MULTILINE)
    assert sorted(name for name, _ in rows) == edge.__all__
    for name, arguments in rows:
        given = [argument.split("=")[0].strip() for argument in arguments.replace("…", "").split(",")]
        shown = [argument for argument in given if argument.isidentifier()]
        parameters = inspect.signature(getattr(edge, name)).parameters
        assert shown == list(parameters)[: len(shown)], name
        complete = "…" not in arguments.rpartition(",")[2] or arguments.endswith("=…")
        assert len(shown) == len(parameters) or not complete, name


def test_the_attributes_of_a_face_are_those_of_the_table():
    rows = re.findall(
        r"^\| `(\w+)` \|", PAGE.partition("Each face has these attributes")[2].partition("##")[0], re.MULTILINE
    )
    offered = [*Face.__dataclass_fields__, *(name for name, value in vars(Face).items() if isinstance(value, property))]
    assert sorted(rows) == sorted(offered)
