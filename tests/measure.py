"""Measures what docs/performance.md tells: ``python tests/measure.py``, with the ``maitred`` of this interpreter.

No test: what it finds depends on the machine. It takes about a minute and a half, and wants the machine for itself.
"""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from edge.cameras import open_camera
from edge.demo import CLIP, TRUTH
from edge.vision.bundle import load_bundle, shipped_models

MAITRED = [sys.executable, "-m", "edge.cli"]
SIZE = (640, 480)
ROUNDS = 4
SETTLED_S = 60


def two_faces(path: Path) -> int:
    """A 640x480 clip of the pair of the demo that walks in together, forwards and backwards; returns its frames."""
    pair = [patron for patron in json.loads(TRUTH.read_text())["patrons"] if patron["id"] in (3, 4)]
    start, end = max(patron["from_s"] for patron in pair), min(patron["to_s"] for patron in pair)
    with open_camera(str(CLIP)) as camera:
        frames = [cv2.resize(f.image[:, 120:840], SIZE) for f in camera if start <= f.time_s <= end]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 15, SIZE)
    for number in range(ROUNDS):
        for frame in frames[:: -1 if number % 2 else 1]:
            writer.write(frame)
    writer.release()
    return ROUNDS * len(frames)


def frames_a_second(folder: Path) -> float:
    """Frames through detection, tracking and classification for each second of one core, start-up included."""
    clip, config = folder / "two-faces.mp4", folder / "one-thread.toml"
    frames = two_faces(clip)
    config.write_text("[detection]\nthreads = 1\n[demographics]\nthreads = 1\n")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([*MAITRED, "count", clip, "--config", config], check=True, capture_output=True)
    return frames / (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)


def seconds_to_first_frame(folder: Path) -> float:
    """From the start of the process to the first watchdog message, which only a processed frame sends."""
    config = folder / "agent.toml"
    config.write_text(f'[camera]\nsource = "{CLIP}"\nloop = true\n[store]\npath = "{folder}/maitred.db"\n')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(folder / "notify"))
        channel.settimeout(60)
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        started = time.monotonic()
        with subprocess.Popen([*MAITRED, "run", "--config", config], env=environment, stderr=subprocess.DEVNULL) as run:
            while channel.recv(100) != b"WATCHDOG=1":
                pass
            seconds = time.monotonic() - started
            run.terminate()
    return seconds


def resident_mb() -> list[float]:
    """Resident memory of the demo's agent and of its dashboard after a minute, megabytes."""
    with subprocess.Popen([*MAITRED, "demo", "--port", "0"], stderr=subprocess.DEVNULL) as demo:
        time.sleep(SETTLED_S)
        children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
        pids = [str(demo.pid), *children]
        found = [re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()) for pid in pids]
        demo.terminate()
    return [int(match[1]) * 1024 / 1e6 for match in found if match]


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = sorted(seconds_to_first_frame(folder.joinpath(str(n)).mkdir() or folder / str(n)) for n in range(5))
        print(f"start to first processed frame: median {first[2]:.2f} s, longest {first[-1]:.2f} s of 5")
        print("resident memory: agent {:.0f} MB, dashboard {:.0f} MB".format(*resident_mb()))
        for bundle in map(load_bundle, shipped_models()):
            macs = f", {bundle.card.macs / 1e6:.0f} million multiply-accumulates" if bundle.card.macs else ""
            print(f"{bundle.card.name}: {bundle.size / 1e6:.2f} MB{macs}")
        print(f"640x480, two faces, one core: {frames_a_second(folder):.0f} frames a second")


if __name__ == "__main__":
    main()
