"""Each program in examples/ is run as its first lines say."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge import open_camera
from edge.census.age_bands import AgeBands
from edge.census.window import Traffic
from edge.cli import main
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.demo import CLIP
from edge.store import Store
from edge.uplink import ModelIdentity, SinkContext, SinkUnavailable, UplinkWorkers, census_event
from edge.uplink.registry import open_sink
from tests.waiting import until

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = sorted(EXAMPLES.glob("*.py"))
MOST_LINES = 40
Install = Callable[[str, str, dict[str, dict[str, str]]], None]


def run(program: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / program), *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=240, check=False, env={**variables, **environment}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def first_lines(program: Path) -> str:
    return program.read_text(encoding="utf-8").split('"""')[1]


def tables_of(program: Path) -> dict[str, Any]:
    """The lines of TOML that a program gives in its first lines."""
    return tomllib.loads("\n".join(re.findall(r"^    (?!python ).*", first_lines(program), re.MULTILINE)))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the demo clip with a woman and a child in it, as a folder of pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    with open_camera(CLIP) as camera:
        for frame in camera:
            if frame.index in range(210, 225, 5):
                cv2.imwrite(str(folder / f"{frame.index}.png"), frame.image)
    return folder


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_a_program_is_short_and_says_how_to_run_it(program: Path):
    text = program.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert f"python examples/{program.name}" in first_lines(program) or "entry-points" in tables_of(program)["project"]


def test_the_readme_lists_all_programs():
    listed = re.findall(
        r"^\| \[(\w+\.py)\]\(\1\) \|", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == [program.name for program in PROGRAMS]


def test_the_webcam_prints_faces_where_there_is_no_window(second: Path):
    done = run("webcam.py", second)
    assert done.returncode == 0, done.stderr
    first, *faces = done.stdout.splitlines()
    assert first.startswith("no window, so the faces are printed")
    assert len(faces) == 6
    assert re.fullmatch(r"0\.0 s: face \d+x\d+ at \d+,\d+: apparent age \d+ \(\d+-\d+\), female \(\d+ %\)", faces[0])
    assert faces[1].endswith("a child: no gender")


def test_the_webcam_shows_a_window_where_there_is_a_display(second: Path):
    pytest.importorskip("tkinter")
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("needs a display to draw on (Debian: apt-get install xvfb)")
    reading, writing = os.pipe()
    with subprocess.Popen([xvfb, "-displayfd", str(writing)], pass_fds=[writing], stderr=subprocess.DEVNULL) as display:
        os.close(writing)
        try:
            with os.fdopen(reading) as numbers:
                number = numbers.readline().strip()
            done = run("webcam.py", second, DISPLAY=f":{number}")
        finally:
            display.terminate()
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_webcam_says_that_there_is_no_camera():
    done = run("webcam.py", "v4l2:/dev/video99")
    assert done.returncode == 1
    assert "/dev/video99" in done.stderr


def test_the_faces_of_a_folder_become_lines_of_a_table(second: Path, tmp_path: Path):
    photos = tmp_path / "photos"
    shutil.copytree(second, photos)
    (photos / "text.jpg").write_text("not a photo")
    done = run("folder_to_csv.py", photos, tmp_path / "faces.csv")
    assert done.returncode == 0
    assert "text.jpg is not an image" in done.stderr
    with (tmp_path / "faces.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["210.png", "210.png", "215.png", "215.png", "220.png", "220.png"]
    assert [row["gender"] for row in rows] == ["female", ""] * 3
    assert all(float(row["age_low"]) < float(row["age"]) < float(row["age_high"]) for row in rows)


@pytest.mark.slow
def test_a_clip_becomes_a_census(short_clip: Path):
    done = run("census.py", short_clip)
    assert done.returncode == 0, done.stderr
    title, head, *bands = done.stdout.splitlines()
    assert title == "2 visits"
    assert head.split() == ["age", "female", "male", "child"]
    assert [line.split()[0] for line in bands] == ["0-12", "13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
    assert sum(int(number) for line in bands for number in line.split()[1:]) == 2
    assert "104 frames" in done.stderr
    assert run("census.py", "gone.mp4").returncode == 1


def test_the_visits_of_a_database_are_tabled_by_hour(tmp_path: Path):
    now = time.time()
    database = tmp_path / "maitred.db"
    with Store.open(database) as store:
        store.record([Visit(now - 9000, now - 8990, 90, 30, (25, 35), 0.9)] * 3, now)
        store.record([Visit(now - 60, now - 50, 90, 40, (35, 45), 0.1), Visit(now - 60, now - 50, 90, 8, (5, 12))], now)
        store.record([Visit(now - 86400 * 3, now - 86400 * 3 + 9, 90, 30, (25, 35), 0.9)], now)
    done = run("store_with_pandas.py", database, "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["gender", "female", "male", "not", "given"]
    assert [line.split()[-3:] for line in done.stdout.splitlines()[2:4]] == [["3", "0", "0"], ["0", "1", "1"]]
    assert "5 visits; median time in view 10 s" in done.stdout
    assert "average apparent age 28" in done.stdout
    assert "no visits in the last 0.0001 days" in run("store_with_pandas.py", database, "0.0001").stderr
    assert "no such database" in run("store_with_pandas.py", tmp_path / "gone.db").stderr


@pytest.mark.slow
def test_a_camera_of_ones_own_is_counted_by_its_program_and_by_the_command(
    short_clip: Path, tmp_path: Path, install_package: Install, capsys: pytest.CaptureFixture[str]
):
    with open_camera(short_clip) as camera:
        np.save(tmp_path / "frames.npy", np.stack([frame.image for frame in camera]))
    program = EXAMPLES / "own_camera.py"
    done = run(program.name, f"npy:{tmp_path / 'frames.npy'}")
    assert done.returncode == 0, done.stderr
    (entries,) = re.findall(r"^    \[project.+\n    .+$", first_lines(program), re.MULTILINE)
    install_package(
        "own_camera", program.read_text(encoding="utf-8"), tomllib.loads(entries)["project"]["entry-points"]
    )
    assert main(["count", f"npy:{tmp_path / 'frames.npy'}", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert counted["frames"] == 105
    assert len(done.stdout.splitlines()) == len(counted["visits"]) == 2
    assert main(["count", "npy:gone.npy"]) == 2
    assert "npy:gone.npy: not an array that numpy can read" in capsys.readouterr().err


def test_a_sink_of_ones_own_is_sent_each_window_once(
    tmp_path: Path, store: Store, database: Path, install_package: Install
):
    program = EXAMPLES / "own_sink.py"
    tables = tables_of(program)
    install_package("own_sink", program.read_text(encoding="utf-8"), tables["project"]["entry-points"])
    tables["sink"]["options"]["path"] = str(tmp_path / "visits.csv")
    settings = parse_settings({"sink": tables["sink"], "store": {"path": str(database)}}, "the example")
    model = ModelIdentity("mobile", "1", "")
    store.record([Visit(100 + n, 110 + n, 90, 30, (25, 35), 0.9, "in") for n in range(12)], 150)
    for start in (0, 3600):
        bands = AgeBands(settings.census.bands)
        store.close_window(start, start + 3600, bands, Traffic(), lambda window: census_event(window, settings, model))
    queued = store.outbox.next(2)
    workers = UplinkWorkers(settings, "mobile 1")
    workers.start()
    until(lambda: store.outbox.state().delivered == 2)
    workers.stop()
    open_sink("csv_file", SinkContext(settings, settings.sink.options)).deliver(queued, 7200)  # as if power had failed
    with (tmp_path / "visits.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["1970-01-01T00:00:00.000Z", "12", "12", "0", queued[0].id],
        ["1970-01-01T01:00:00.000Z", "0", "0", "0", queued[1].id],
    ]
    missing = SinkContext(settings, {"path": str(tmp_path / "gone" / "visits.csv")})
    with pytest.raises(SinkUnavailable, match="No such file or directory"):
        open_sink("csv_file", missing).deliver(queued, 7200)
