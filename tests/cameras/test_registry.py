"""Which kinds of camera are installed, and what becomes of plug-ins that are broken."""

from __future__ import annotations

import logging
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import cli
from edge.agent.agent import Agent
from edge.cameras import CameraError, open_camera
from edge.cameras.registry import forms, may_be_away
from edge.config import parse_settings
from edge.errors import BadInput
from edge.provision.check import check
from edge.provision.secrets import Vault
from edge.system import plugins

ROOT = Path(__file__).resolve().parents[2]
Install = Callable[[str, str, dict[str, dict[str, str]]], None]
GREY = """
import time

import numpy as np

from edge.cameras import Camera, CameraKind


class Grey(Camera):
    def __init__(self, level):
        super().__init__(f"grey:{level}", live=True, fps=None)
        self.level = level

    def _grab(self):
        return np.full((48, 64, 3), self.level, np.uint8), time.monotonic()

    def _release(self):
        pass


def open_grey(source, *, size, fps):
    if source == "grey:13":
        raise ZeroDivisionError("with rtsp://door:s3cret@camera/")
    if source == "grey:14":
        return "no camera"
    return Grey(int(source.partition(":")[2]))


GREY = CameraKind(pattern=r"grey:[0-9]{1,3}", open=open_grey, example="grey:7", help="pictures of one grey")
"""


@pytest.fixture
def grey(install_package: Install) -> None:
    install_package("grey_camera", GREY, {"maitred.cameras": {"grey": "grey_camera:GREY"}})


@pytest.mark.parametrize("group", plugins.SHIPPED)
def test_what_is_shipped_is_registered_as_plug_ins_are(group: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][group] == plugins.SHIPPED[group]


def test_what_is_shipped_is_found_even_if_the_metadata_are_of_an_earlier_release(
    monkeypatch: pytest.MonkeyPatch, folder: Path
):
    plugins.installed.cache_clear()
    monkeypatch.setattr(plugins, "registered", lambda group: [])
    with open_camera(str(folder)) as camera:
        assert camera.read() is not None
    assert may_be_away("v4l2:/dev/video0")
    plugins.installed.cache_clear()


@pytest.mark.usefixtures("grey")
def test_an_installed_kind_of_camera_is_opened_by_its_scheme():
    with open_camera("grey:7") as camera:
        assert camera.read().image.mean() == 7
    assert may_be_away("grey:7")


@pytest.mark.usefixtures("grey")
def test_an_installed_kind_of_camera_is_listed_with_the_shipped_ones():
    with pytest.raises(BadInput, match="unknown kind of camera") as caught:
        open_camera("gray:7")
    assert "  grey:7                        pictures of one grey" in str(caught.value)
    assert "v4l2:/dev/video0" in str(caught.value)


@pytest.mark.usefixtures("grey")
def test_a_source_that_does_not_match_its_kinds_pattern_is_refused_with_an_example():
    with pytest.raises(BadInput, match="grey:white: pictures of one grey is named as in grey:7"):
        open_camera("grey:white")
    assert not may_be_away("grey:white")


@pytest.mark.usefixtures("grey")
def test_provisioning_accepts_an_installed_kind_of_camera_and_no_other(tmp_path: Path):
    assert check('[camera]\nsource = "grey:7"\n', Vault(tmp_path)).problems == ()
    (problem,) = check('[camera]\nsource = "gray:7"\n', Vault(tmp_path)).problems
    assert '"grey:7" for pictures of one grey' in problem.text


@pytest.mark.usefixtures("grey")
def test_whatever_a_plug_in_raises_is_an_error_of_the_camera_without_its_password():
    with pytest.raises(
        CameraError, match="grey:13: pictures of one grey could not be opened: ZeroDivisionError"
    ) as caught:
        open_camera("grey:13")
    assert "s3cret" not in str(caught.value)


@pytest.mark.usefixtures("grey")
def test_a_plug_in_that_gives_something_else_than_a_camera_is_refused():
    with pytest.raises(CameraError, match="grey:14: its plug-in opened a str"):
        open_camera("grey:14")


def test_a_plug_in_may_read_files_of_its_own_kind(install_package: Install, tmp_path: Path):
    code = (
        GREY
        + """
from pathlib import Path
FILE = CameraKind(
    pattern=r".+[.]grey", open=lambda source, **_: Grey(int(Path(source).read_text())), example="picture.grey",
    help="a file with a level of grey", live=False, finds=Path.is_file,
)
"""
    )
    install_package("grey_file", code, {"maitred.cameras": {"grey-file": "grey_file:FILE"}})
    (tmp_path / "a.grey").write_text("9")
    with open_camera(str(tmp_path / "a.grey")) as camera:
        assert camera.read().image.mean() == 9
    with pytest.raises(BadInput, match="no such file or folder"):
        open_camera(str(tmp_path / "b.grey"))


BROKEN = {
    "a package is missing": ("import package_that_is_not_there", "ModuleNotFoundError: No module named"),
    "a mistake in its code": ("def broken(:", "SyntaxError"),
    "no such object": ("", "AttributeError"),
    "the wrong kind of object": ("KIND = 'grey'", "broken:KIND is a str and has to be a CameraKind"),
    "a pattern that is none": (
        "from edge.cameras import CameraKind\nKIND = CameraKind(pattern='(', open=print, example='x', help='y')",
        "the pattern '(' is no regular expression",
    ),
}


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plug_in_is_named_with_the_way_out(install_package: Install, code: str, reason: str, tmp_path: Path):
    install_package("broken", code, {"maitred.cameras": {"odd": "broken:KIND"}})
    with pytest.raises(BadInput) as caught:
        open_camera("odd:1")
    message = str(caught.value)
    assert message.startswith("the plug-in odd (maitred.cameras) of the package broken cannot be loaded: ")
    assert reason in message
    assert message.endswith("Install the package again, or remove it: pip uninstall broken")
    (problem,) = check('[camera]\nsource = "odd:1"\n', Vault(tmp_path)).problems
    assert "pip uninstall broken" in problem.text
    with pytest.raises(BadInput, match="pip uninstall broken"):
        Agent(parse_settings({"camera": {"source": "odd:1"}, "store": {"path": str(tmp_path / "a.db")}}, "test"))


def test_a_broken_plug_in_leaves_the_other_cameras_alone(
    install_package: Install, folder: Path, caplog: pytest.LogCaptureFixture
):
    install_package("broken", "1 / 0", {"maitred.cameras": {"odd": "broken:KIND"}})
    with caplog.at_level(logging.WARNING), open_camera(str(folder)) as camera:
        assert camera.read() is not None
    assert "pip uninstall broken" in caplog.text
    assert "pip uninstall broken" in forms()
    assert may_be_away("v4l2:/dev/video0")


def test_a_shipped_kind_of_camera_cannot_be_replaced_by_another_package(
    install_package: Install, caplog: pytest.LogCaptureFixture
):
    install_package("grey_camera", GREY, {"maitred.cameras": {"v4l2": "grey_camera:GREY"}})
    with caplog.at_level(logging.WARNING):
        assert may_be_away("v4l2:/dev/video0")
    assert "the name v4l2 of the package grey_camera is taken by the package maitred" in caplog.text


def test_of_two_packages_with_the_same_name_one_is_used_and_the_other_named(
    install_package: Install, caplog: pytest.LogCaptureFixture
):
    install_package("a_camera", GREY, {"maitred.cameras": {"grey": "a_camera:GREY"}})
    install_package("b_camera", "1 / 0", {"maitred.cameras": {"grey": "b_camera:GREY"}})
    with caplog.at_level(logging.WARNING), open_camera("grey:7") as camera:
        assert camera.read() is not None
    assert "the name grey of the package b_camera is taken by the package a_camera" in caplog.text


@pytest.mark.usefixtures("grey")
def test_a_package_whose_metadata_are_damaged_hides_no_other(
    install_package: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    install_package("torn", "", {})
    torn = tmp_path / "site-packages" / "torn" / "torn-1.0.dist-info"
    (torn / "entry_points.txt").write_text("[maitred.cameras]\nhalf a li")
    nameless = tmp_path / "site-packages" / "torn" / "nameless-1.0.dist-info"
    nameless.mkdir()
    (nameless / "entry_points.txt").write_text("[maitred.cameras]\ngrey = nameless:GREY\n")
    plugins.installed.cache_clear()

    with caplog.at_level(logging.WARNING), open_camera("grey:7") as camera:
        assert camera.read() is not None

    assert "the entry points of the package torn cannot be read" in caplog.text
    assert "the name grey of the package without a name is taken by the package grey_camera" in caplog.text
    assert cli.main(["bundle", "show", "mobile"]) == 0


def test_asking_for_a_kind_of_camera_imports_no_camera_library():
    code = (
        "import sys\nfrom edge.cameras.registry import forms, may_be_away\n"
        "forms(); assert may_be_away('rtsp://camera/')\n"
        "print([name for name in ('cv2', 'picamera2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
