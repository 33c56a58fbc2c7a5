"""The plug-in of docs/extending.md: installed as a package, chosen by name, and run by an agent of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.counting.visit import Visit
from edge.store import Health, Store
from edge.store.heartbeat import read_health
from tests.waiting import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "tests" / "plugin"
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:toml|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HOUR_S = 3600.0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has installed the plug-in into, from a copy of its sources and without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(PLUGIN, folder / "sources", ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "site"), "./sources"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "site"


@pytest.fixture
def config(tmp_path: Path, database: Path) -> Path:
    """A configuration that names the plug-in's camera and its sink, whose folder is not there yet."""
    path = tmp_path / "maitred.toml"
    path.write_text(
        f"""
[camera]
source = "noise:7"
width = 320
height = 240
[store]
path = {json.dumps(str(database))}
[sink]
name = "lines"
[sink.options]
path = {json.dumps(str(tmp_path / "sent" / "events.jsonl"))}
""",
        encoding="utf-8",
    )
    return path


def environment(site: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}


def maitred(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment(site), capture_output=True, text=True, check=False)


@contextmanager
def agent(site: Path, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The agent in a process of its own; killed, if it is still there in the end."""
    log = (config.parent / "log").open("ab")
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(config)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(site), stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


def heartbeat(database: Path, process: subprocess.Popen[bytes]) -> Health:
    """The next one of a running agent."""
    began = time.time()
    until(lambda: ((found := read_health(database)) is not None and found.at >= began) or process.poll() is not None)
    assert process.poll() is None, "the agent has ended"
    health = read_health(database)
    assert health is not None
    return health


def store_visits(database: Path, hours: int) -> None:
    """Visits of the last hours, whose windows an agent closes when it starts."""
    now = time.time()
    with Store.open(database) as store:
        for hour in range(hours):
            ended = now - (hour + 1) * HOUR_S
            store.record([Visit(ended - 5, ended, 9, 30.0, (24.0, 37.0), 0.9)] * 6, ended + 1)


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_windows_that_an_agent_closes_arrive_in_the_configured_sink_whole_and_in_order(
    installed: Path, config: Path, database: Path, tmp_path: Path
):
    store_visits(database, 3)
    sent = tmp_path / "sent" / "events.jsonl"

    with agent(installed, config) as process:
        until(lambda: heartbeat(database, process).uplink == "retrying")
        with Store.open(database, read_only=True) as store:
            assert store.outbox.state().last_error == f"{sent}: No such file or directory"
            queued = [event.id for event in store.outbox.next(9)]
        assert len(queued) == 3
        assert maitred(installed, "waiting", "--config", config).stdout == "3\n"

        sent.parent.mkdir()
        with Store.open(database, read_only=True) as store:
            until(lambda: store.outbox.state().delivered == 3)
        until(lambda: heartbeat(database, process).frames > 10)
        health = heartbeat(database, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert ids(sent) == queued
    times = [json.loads(line)["time"] for line in sent.read_text(encoding="utf-8").splitlines()]
    assert times == sorted(times)
    assert sum(json.loads(line)["data"]["visits"] for line in sent.read_text(encoding="utf-8").splitlines()) == 18
    assert (health.camera, health.camera_source, health.uplink) == ("running", "noise:7", "idle")
    assert maitred(installed, "waiting", "--config", config).stdout == "0\n"


def test_doctor_looks_at_the_camera_and_the_sink_of_a_plug_in(installed: Path, config: Path):
    printed = maitred(installed, "doctor", "--json", "--config", config).stdout
    checks = {check["name"]: check for check in json.loads(printed)["checks"]}

    assert (checks["camera"]["verdict"], checks["camera"]["found"]) == ("ok", "noise:7: 320x240")
    assert (checks["sink"]["verdict"], checks["sink"]["found"]) == ("ok", "lines is installed and takes its options")


def test_the_kinds_of_camera_that_are_installed_are_listed_where_one_is_unknown(installed: Path):
    done = maitred(installed, "count", "nosie:7")

    assert done.returncode == 2
    assert "pictures of noise; the number is where chance begins" in done.stderr


def test_without_the_package_the_agent_names_what_is_missing(config: Path, tmp_path: Path):
    done = maitred(tmp_path, "run", "--config", config)

    assert done.returncode == 2
    assert "sink.name: 'lines' is not installed; installed are: https, mqtt" in done.stderr


def test_without_the_package_the_source_of_its_camera_is_no_known_kind(config: Path, tmp_path: Path):
    config.write_text(config.read_text().partition("[sink]")[0])
    done = maitred(tmp_path, "run", "--config", config)

    assert done.returncode == 2
    assert "noise:7: unknown kind of camera. Name a camera in one of these ways:" in done.stderr


FILES = {path: path.read_text(encoding="utf-8") for path in (PLUGIN / "pyproject.toml", *PLUGIN.glob("*/[a-z]*.py"))}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_page_shows_the_files_of_the_package_as_they_are(file: Path):
    assert FILES[file] in BLOCKS


def test_whatever_else_the_page_shows_is_a_configuration_that_chooses_the_sink(installed: Path, tmp_path: Path):
    (configuration,) = [block for block in BLOCKS if block not in FILES.values()]
    (tmp_path / "maitred.toml").write_text(configuration, encoding="utf-8")
    code = "import pathlib, edge.config; print(edge.config.load_settings(pathlib.Path('maitred.toml')).carrier)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(installed),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "lines\n"
