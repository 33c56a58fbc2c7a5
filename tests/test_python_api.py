"""``from edge import …``: what is offered, that it costs nothing until it is used, and what ``count`` does."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import takewhile
from pathlib import Path

import pytest

import edge
from edge import Camera, FaceAnalyzer, Frame, Settings, Visit, count, open_camera
from edge.cameras import Playback
from edge.cameras.frame import Image
from edge.commands import output
from edge.config.counting import Counting
from edge.counting.recording import RecordingCount
from edge.demo import CLIP
from edge.errors import BadInput

NAMES = [
    "Camera", "FaceAnalyzer", "Frame", "Pipeline", "Settings", "Tracker", "Visit", "count", "load_bundle",
    "open_camera",
]  # fmt: skip
FIRST_VISIT_S = 7.0
"""The first patron of the demo clip has left by then."""


def modules_after(program: str) -> set[str]:
    program += "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def opening() -> Iterator[Iterator[Frame]]:
    """Frames of the demo clip until the first patron has left."""
    with open_camera(CLIP) as camera:
        yield takewhile(lambda frame: frame.time_s < FIRST_VISIT_S, camera)


def test_the_public_names_are_these():
    assert edge.__all__ == NAMES
    assert set(NAMES) <= set(dir(edge))


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_the_thing_itself_and_explains_itself(name: str):
    thing = getattr(edge, name)
    assert thing is getattr(import_module(thing.__module__), name)
    assert thing.__module__ == edge._MODULES[name]
    assert len(inspect.getdoc(thing) or "") > 60


def test_type_checkers_are_told_the_same_names_as_programs():
    tree = ast.parse(inspect.getsource(edge))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {alias.name: node.module for node in checked.body for alias in node.names}  # type: ignore[attr-defined]
    assert imported == edge._MODULES
    assert sorted(imported) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import edge", {"cv2", "numpy", "pydantic", "edge.api", "edge.errors"}),
        ("from edge import Settings", {"cv2", "numpy"}),
        ("from edge import FaceAnalyzer, open_camera", {"flask", "requests", "edge.store", "edge.counting"}),
        ("from edge import *", {"flask", "requests", "edge.store", "tensorflow", "training", "convert", "cloud"}),
    ],
)
def test_an_import_loads_only_what_is_needed(program: str, absent: set[str]):
    loaded = modules_after(program)
    assert "edge" in loaded
    assert not loaded & absent


def test_a_name_that_is_not_offered_is_answered_with_those_that_are():
    with pytest.raises(AttributeError, match=r"no attribute 'FaceAnalyser'; it offers Camera, FaceAnalyzer"):
        edge.FaceAnalyser  # noqa: B018
    with pytest.raises(ImportError):
        exec("from edge import FaceAnalyser")


def test_the_three_lines_of_the_first_example_work(opening: Iterator[Frame]):
    frame = next(frame.image for frame in opening if frame.time_s > 3)
    faces = FaceAnalyzer("mobile")(frame)
    assert 18 < faces[0].age < 80


@pytest.mark.slow
def test_counting_frames_gives_their_visits_and_reports_progress(opening: Iterator[Frame]):
    steps: list[tuple[int, float]] = []
    visits = count(opening, "mobile", progress=lambda frames, seconds: steps.append((frames, seconds)))
    assert isinstance(visits, list)
    assert all(isinstance(visit, Visit) for visit in visits)
    assert [frames for frames, _ in steps] == list(range(1, 106))
    assert steps[-1][1] == pytest.approx(FIRST_VISIT_S, abs=0.1)
    assert 1 <= len(visits) <= 2


@pytest.mark.slow
def test_counting_a_file_by_name_by_path_or_from_a_camera_is_the_same(clips: Path):
    clip = clips / "face-demographics-walking.gif"
    with open_camera(clip) as camera:
        visits = count(camera)
    assert len(visits) == 2
    assert visits == count(str(clip)) == count(clip)


@pytest.mark.slow
def test_the_command_counts_the_same(clips: Path, capsys: pytest.CaptureFixture[str]):
    from edge.cli import main

    clip = clips / "face-demographics-walking.gif"
    assert main(["count", str(clip), "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)["visits"]
    visits = RecordingCount(0, 0.0, tuple(count(clip)))
    assert output.recording_json(visits, Settings())["visits"] == counted


@pytest.mark.slow
def test_settings_and_model_are_used(clips: Path):
    clip = clips / "face-demographics-walking.gif"
    assert count(clip, settings=Settings(counting=Counting(min_visit_s=50))) == []
    mobile, table1 = count(clip, "mobile"), count(clip, "table1")
    assert len(mobile) == len(table1) == 2
    assert {visit.age for visit in mobile}.isdisjoint({visit.age for visit in table1})
    with pytest.raises(BadInput, match="no such model"):
        count(clip, "vgg17")


@pytest.mark.slow
def test_a_camera_of_ones_own_is_counted_as_any_other(opening: Iterator[Frame]):
    class Half(Camera):
        """Every other frame."""

        def __init__(self) -> None:
            super().__init__("every other frame", live=False, fps=7.5)

        def _grab(self) -> tuple[Image, float] | None:
            next(opening, None)
            frame = next(opening, None)
            return frame and (frame.image, frame.time_s)

        def _release(self) -> None:
            pass

    with Half() as camera:
        visits = count(camera)
    assert visits
    assert visits[0].observations < 60


def test_what_has_no_end_or_no_frames_is_refused(tmp_path: Path):
    with Playback(lambda: open_camera(CLIP)) as live, pytest.raises(BadInput, match="pass its frames to a Pipeline"):
        count(live)
    with pytest.raises(BadInput, match="not something of type int"):
        count(0)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"gone\.mp4: no such file or folder"):
        count(tmp_path / "gone.mp4")
    with pytest.raises(BadInput, match="takes frames, not something of type ndarray"):
        count([next(iter(open_camera(CLIP))).image])  # type: ignore[list-item]


def test_a_camera_is_named_by_text_or_by_a_path(tmp_path: Path):
    with open_camera(CLIP) as by_path, open_camera(str(CLIP)) as by_name:
        assert by_path.name == by_name.name == str(CLIP)
        assert repr(by_path) == f"VideoFile({str(CLIP)!r})"
    with pytest.raises(BadInput, match=r"^0 names no camera") as error:
        open_camera(0)  # type: ignore[arg-type]
    assert "v4l2:/dev/video0" in str(error.value)
