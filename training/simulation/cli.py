"""``maitred simulate``: a clip of people with real faces in a drawn room, and the truth about it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands import Commands, command
from edge.errors import BadInput

if TYPE_CHECKING:
    from training.rendering.canvas import Image

CLIP, TRUTH = "clip.mp4", "truth.json"
OPTIONS = {
    "crowd": (int, "most patrons at a time"),
    "fps": (int, "frames a second"),
    "light": (float, "brightness as a factor"),
    "blur": (float, "blur of the lens in pixels"),
    "noise": (float, "noise of the sensor in grey levels"),
    "dropped": (float, "share of frames that are lost, 0..1"),
}


def add_simulate(commands: Commands) -> None:
    """Add the subcommand."""
    about = "make a clip of labelled faces walking through a drawn scene, with the truth about it"
    parser = command(commands, "simulate", run, about)
    parser.add_argument("--faces", type=Path, required=True, metavar="DIR", help="labelled faces, as for maitred train")
    parser.add_argument(
        "--patrons", type=int, required=True, metavar="N", help="how many people walk through the scene"
    )
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="the same seed gives the same files")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=f"folder for {CLIP} and {TRUTH}")
    parser.add_argument("--scene", choices=("calm", "busy", "rough"), default="calm", help="the conditions (calm)")
    parser.add_argument(
        "--split",
        choices=("test", "train", "validation", "all"),
        default="test",
        help="split that the faces are taken from (test)",
    )
    parser.add_argument("--size", metavar="WxH", help="pixels of a frame, such as 1280x720")
    for name, (kind, text) in OPTIONS.items():
        parser.add_argument(f"--{name}", type=kind, metavar="X", help=f"{text}, instead of the scene's value")


def run(options: argparse.Namespace) -> int:
    """Write the clip and its truth; returns the exit code."""
    from edge.commands.output import progress
    from training.rendering.demo_scene import write_truth
    from training.requirements import require_installed
    from training.simulation.clip import write_frames
    from training.simulation.conditions import conditions_of
    from training.simulation.scene import draw_scene

    if options.patrons < 1:
        raise BadInput(f"--patrons {options.patrons}: at least 1")
    if options.seed < 0:
        raise BadInput(f"--seed {options.seed}: 0 or more")
    width, height = _size(options.size) if options.size else (None, None)
    changes = {name: getattr(options, name) for name in OPTIONS}
    conditions = conditions_of(options.scene, width=width, height=height, **changes)
    require_installed("training", "av")
    scene = draw_scene(options.faces, options.split, options.patrons, conditions, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    report = progress("frames")

    def frames() -> Iterator[tuple[int, Image]]:
        for count, (number, image) in enumerate(scene.frames(), start=1):
            report(count, number / conditions.fps)
            yield number, image

    write_frames(options.out / CLIP, frames(), (conditions.width, conditions.height), conditions.fps)
    write_truth(options.out / TRUTH, scene.truth(_made_by(options)))
    sys.stdout.write(f"{options.out / CLIP}\n{options.out / TRUTH}\n")
    return 0


def _size(text: str) -> tuple[int, int]:
    width, times, height = text.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise BadInput(f"--size {text}: write width and height as in 1280x720")
    return int(width), int(height)


def _made_by(options: argparse.Namespace) -> str:
    asked = [f"--{name} {getattr(options, name)}" for name in ("size", *OPTIONS) if getattr(options, name) is not None]
    plain = f"maitred simulate --faces DIR --patrons {options.patrons} --seed {options.seed} --out DIR"
    return " ".join([plain, f"--scene {options.scene}", f"--split {options.split}", *asked])
