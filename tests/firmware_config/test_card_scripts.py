"""What the scripts that make and boot a card say where they can't work; that they work is .ci/card's to show."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "firmware_config"
FILES = FOLDER / "image" / "files"
SCRIPTS = [
    FOLDER / "build.sh", FOLDER / "emulate.sh", FOLDER.parent / ".ci" / "card",
    *sorted((FOLDER / "image").glob("*.sh")), FOLDER / "image" / "init",
    *sorted((FILES / "usr" / "lib" / "maitred").iterdir()),
]  # fmt: skip


def run(script: str, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | ({"PATH": path} if path else {})
    return subprocess.run([str(FOLDER / script), *words], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing_in_the_scripts(script: Path):
    done = subprocess.run(
        ["shellcheck", "-x", "-P", "SCRIPTDIR", str(script)], capture_output=True, text=True, cwd=FOLDER.parent
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("script", "words", "code", "told"),
    [
        pytest.param("build.sh", [], 2, "--out FILE.img", id="build-without-a-target"),
        pytest.param("build.sh", ["--what"], 2, "--site FILE.toml", id="build-with-an-unknown-option"),
        pytest.param(
            "build.sh", ["--out", "x", "--site", "/none"], 1, "--site /none", id="settings-that-are-not-there"
        ),
        pytest.param("build.sh", ["--out", "x", "--update-key", "/none"], 1, "--update-key /none", id="no-such-key"),
        pytest.param("build.sh", ["--out"], 2, "maitred: --out needs a value", id="an-option-without-its-value"),
        pytest.param("build.sh", ["--what"], 2, "maitred: unknown option --what", id="an-unknown-option-by-name"),
        pytest.param("build.sh", ["--out", "/"], 1, "is a folder; name the image in it", id="a-folder-as-target"),
        pytest.param(
            "build.sh",
            ["--out", "x", "--update-key", str(FOLDER / "build.sh")],
            1,
            "not a public key",
            id="no-key-in-it",
        ),
        pytest.param("emulate.sh", ["--http"], 2, "maitred: --http needs a value", id="no-port"),
        pytest.param("emulate.sh", ["--machine", "pi9", "x"], 2, "virt or raspi3b", id="no-such-machine"),
        pytest.param("arm64/run.sh", ["--cpu"], 2, "maitred: --cpu needs a value", id="no-processor"),
        pytest.param("arm64/run.sh", ["--what"], 2, "maitred: unknown option --what", id="arm-unknown-option"),
        pytest.param("emulate.sh", [], 2, "--machine NAME", id="emulate-nothing"),
        pytest.param("emulate.sh", ["/none.img"], 1, "build.sh makes it", id="emulate-what-is-not-there"),
    ],
)
def test_wrong_usage_is_answered_with_what_to_do(script: str, words: list[str], code: int, told: str):
    done = subprocess.run([str(FOLDER / script), *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code
    assert told in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param('[camera]\nsource = "v4l2:/dev/video0"\n', "", id="usb"),
        pytest.param('[camera]\nsource = "rtsp://u:p@cam/x?y"\n', "", id="network"),
        pytest.param('[camera]\nsource = "picamera2:"\n', 'write "v4l2:/dev/video0"', id="ribbon-cable"),
        pytest.param('[site]\nname = "x"\n', 'write "v4l2:/dev/video0"', id="the-default"),
        pytest.param("[camera]\nfps = 0\n", "", id="a-mistake-that-is-told-before"),
    ],
)
def test_a_camera_that_the_card_cannot_use_is_refused_before_the_image_is_made(tmp_path: Path, text: str, told: str):
    (tmp_path / "maitred.toml").write_text(text)
    words = [sys.executable, FOLDER / "image" / "camera.py", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (bool(told), "")
    assert told in done.stderr
    assert bool(done.stderr) == bool(told)
    build = (FOLDER / "build.sh").read_text(encoding="utf-8")
    assert build.index("image/camera.py") < build.index("making the image")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A project of .ci/card alone, whose Python tells what it is given."""
    project = tmp_path / "a project"
    (project / ".ci").mkdir(parents=True)
    (project / ".venv-dev/bin").mkdir(parents=True)
    shutil.copy(FOLDER.parent / ".ci/card", project / ".ci/card")
    (project / ".ci/environment.sh").write_text("environment() { :; }\n")
    (project / ".venv-dev/bin/python").write_text('#!/bin/sh\necho "$PWD|$MAITRED_CARD|$*"\n')
    (project / ".venv-dev/bin/python").chmod(0o755)
    return project


@pytest.mark.parametrize("named", ["my card.img", "./my card.img", "../there/my card.img", "{folder}/my card.img"])
def test_the_path_of_an_image_is_relative_to_the_current_folder(copied: Path, tmp_path: Path, named: str):
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "my card.img").touch()
    done = subprocess.run(
        [str(copied / ".ci/card")], capture_output=True, text=True, check=False, cwd=folder,
        env=dict(os.environ) | {"MAITRED_CARD": named.format(folder=folder)},
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{copied}|{folder}/my card.img|-m pytest -v tests/card\n"


@pytest.mark.slow
def test_an_image_that_is_not_there_is_named(copied: Path, tmp_path: Path):
    named = dict(os.environ) | {"MAITRED_CARD": "none.img"}
    done = subprocess.run(
        [str(copied / ".ci/card")], capture_output=True, text=True, check=False, cwd=tmp_path, env=named
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "MAITRED_CARD=none.img: no such file" in done.stderr

    tests = FOLDER.parent / "tests/card/test_faults.py"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=named)
    assert done.returncode == 1
    assert f"MAITRED_CARD=none.img: no such file ({tmp_path}/none.img); name an image" in done.stdout


def test_a_missing_emulator_is_named(tmp_path: Path):
    for tool in ("sh", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    done = run("emulate.sh", str(FOLDER / "build.sh"), path=str(tmp_path))
    assert done.returncode == 1
    assert "apt-get install qemu-system-arm mtools" in done.stderr


def test_every_folder_that_is_kept_is_on_the_data_partition():
    lines = [line.split() for line in (FILES / "etc" / "fstab").read_text().splitlines() if line[:1] not in ("#", "")]
    places = {target for source, target, *_ in lines if source.startswith("/data/")}
    assert places == {"/var/lib/maitred", "/etc/maitred", "/var/lib/maitred-device", "/var/lib/systemd"}
    # A broken card may keep none of them from booting.
    assert all("nofail" in options for _, target, _, options, *_ in lines if target != "/tmp")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_units_of_the_card_are_well_formed(tmp_path: Path):
    for unit in (FILES / "usr" / "lib" / "systemd" / "system").glob("*.service"):
        # What they call is on the card only.
        text = re.sub(r"^ExecStart=/usr/lib/maitred/\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
        done = subprocess.run(["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True)
        assert done.stdout + done.stderr == ""
