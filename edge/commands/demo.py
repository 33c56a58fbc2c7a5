"""``maitred demo``: shows the whole product at work on a bundled clip, with a temporary database."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands import Commands, command

if TYPE_CHECKING:
    from edge.counting.recording import RecordingCount


def add(commands: Commands) -> None:
    """Add the subcommand."""
    about = "show everything at work: bundled clip, bundled models, temporary database, dashboard"
    parser = command(commands, "demo", run, about)
    parser.add_argument(
        "--port", type=int, default=8000, metavar="P", help="port of the dashboard (8000; 0 picks a free one)"
    )
    parser.add_argument("--once", action="store_true", help="play the clip once, as fast as possible; print the census")
    parser.add_argument("--json", action="store_true", help="with --once: print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Run the demo; returns the exit code."""
    from edge.errors import BadInput

    if options.json and not options.once:
        raise BadInput("--json works with --once only; the running demo has its numbers at /api/v1/today")
    with tempfile.TemporaryDirectory(prefix="maitred-demo-") as folder:
        return _once(Path(folder), options.json) if options.once else _live(Path(folder), options.port)


ROOM = [[0, 0], [0.34, 0], [0.34, 0.66], [0.69, 0.66], [0.69, 0], [1, 0], [1, 1], [0, 1]]
"""The zone around the door of the clip: a person who comes out of the door's opening comes in."""


def _config(folder: Path, port: int) -> Path:
    import tomli_w

    from edge.demo import CLIP

    sections = {
        "site": {"name": "demo"},
        "camera": {"source": str(CLIP), "loop": True},
        "entrance": {"zone": ROOM},
        "census": {"window_minutes": 1},
        "store": {"write_every_s": 1, "path": str(folder / "maitred.db")},
        "dashboard": {"port": port},
    }
    config = folder / "maitred.toml"
    config.write_text(tomli_w.dumps(sections), encoding="utf-8")
    return config


def _once(folder: Path, as_json: bool) -> int:
    import time
    from dataclasses import replace

    from edge.cameras import open_camera
    from edge.census.age_bands import AgeBands
    from edge.census.window import Traffic
    from edge.commands.output import census_text, print_json, progress, recording_json
    from edge.config import load_settings
    from edge.counting.recording import count_recording
    from edge.demo import TRUTH
    from edge.store import Store

    settings = load_settings(_config(folder, 0))
    with open_camera(settings.camera.source) as camera:
        counted = count_recording(camera, settings, progress=progress("frames"))
    # The other half of the program: the visits go through the real database and come back as a closed window.
    now = time.time()
    with Store.open(settings.store.path) as store:
        begun = now - counted.seconds
        visits = [replace(v, started_at=begun + v.started_at, ended_at=begun + v.ended_at) for v in counted.visits]
        store.record(visits, now)
        bands = AgeBands(settings.census.bands)
        window = store.close_window(begun, now + 1, bands, Traffic(counted.frames, 0), lambda _: None)
    patrons = json.loads(TRUTH.read_text(encoding="utf-8"))["patrons"]
    if as_json:
        print_json(recording_json(counted, settings) | {"stored_visits": window.visits, "truth": _truth(patrons)})
    else:
        sys.stdout.write(census_text(counted, settings) + _comparison(counted, patrons))
    return 0


def _truth(patrons: list[dict[str, Any]]) -> dict[str, Any]:
    members = ("id", "age", "gender", "from_s", "to_s", "direction")
    return {"patrons": len(patrons), "people": [{key: person[key] for key in members} for person in patrons]}


def _comparison(counted: RecordingCount, patrons: list[dict[str, Any]]) -> str:
    came_in = sum(person["direction"] == "in" for person in patrons)
    return (
        f"\n\nThe clip really holds {len(patrons)} patrons, of whom {came_in} came in; counted:"
        f" {len(counted.visits)}, of whom {sum(visit.direction == 'in' for visit in counted.visits)} came in.\n"
    )


def _live(folder: Path, port: int) -> int:
    from edge.agent.agent import Agent
    from edge.config import load_settings

    config = _config(folder, port)
    agent = Agent(load_settings(config))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    logging.getLogger().setLevel(logging.INFO)
    # Two processes, as on the device, so that the dashboard can reach the database and nothing else.
    command_line = [sys.executable, "-m", "edge.cli", "dashboard", "--config", str(config)]
    with subprocess.Popen(command_line, start_new_session=True) as dashboard:  # noqa: S603 (our own command)
        # The demo ends with its dashboard, for example if the port is taken; the child process has printed the reason.
        def end_with_dashboard() -> None:
            dashboard.wait()
            agent.stop()

        threading.Thread(target=end_with_dashboard, daemon=True).start()
        try:
            agent.run()
            return dashboard.poll() or 0
        finally:
            dashboard.terminate()
