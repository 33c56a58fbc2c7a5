"""A clip of patrons who do not exist walking into a drawn restaurant, and the truth about it.

``python -m training.rendering.demo_scene --faces DIR --out edge/demo --seed 7`` makes the clip that ``maitred demo``
plays.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.errors import BadInput, MaitredError
from training.data.dataset import list_samples
from training.rendering.average_face import average_portrait
from training.rendering.canvas import Image, View
from training.rendering.demo_cast import CAST, Direction
from training.rendering.person import Box, Figure
from training.rendering.room import WALL_Z, Room, draw_room, in_doorway
from training.rendering.trajectory import Walk

FPS = 15
LENS_BLUR = 0.55  # pixels (sigma): no lens draws as sharply as a polygon
SMALLEST_FACE = 24.0  # pixels of width from which the truth counts a face as visible
MOST_COVERED = 0.2  # share of a face that somebody nearer may cover
PATH_EVERY = 5  # frames


@dataclass(frozen=True)
class Patron:
    """Somebody in the scene; ``direction`` as a visit has it: None for who crosses no entrance."""

    id: int
    figure: Figure
    walk: Walk
    direction: Direction | None = "in"


@dataclass(frozen=True)
class Scene:
    """A room and its patrons; what the camera sees of them at any time."""

    patrons: Sequence[Patron]
    view: View = field(default_factory=View)
    seed: int = 0

    @cached_property
    def room(self) -> Room:
        """The empty room, drawn once."""
        return draw_room(self.view, np.random.default_rng(self.seed))

    def draw(self, t: float) -> Image:
        """The frame at ``t`` seconds: uint8 RGB (height, width, 3)."""
        return np.asarray(cv2.GaussianBlur(self.paint(t), (0, 0), LENS_BLUR), np.uint8)

    def paint(self, t: float) -> Image:
        """The scene as no lens sees it, without any blur."""
        image = self.room.image.copy()
        present = [(pose, patron) for patron in self.patrons if (pose := patron.walk.pose(t)) is not None]
        present.sort(key=lambda one: one[0].z, reverse=True)
        outside = [one for one in present if one[0].z > WALL_Z]
        for pose, patron in outside:
            patron.figure.draw(image, self.view, pose)
        if outside:
            self.room.hide_street(image)
        for pose, patron in present[len(outside) :]:
            patron.figure.draw(image, self.view, pose)
        return image

    def face(self, patron: Patron, t: float) -> Box | None:
        """The patron's face, if wholly on the frame, large enough, and not behind the wall or somebody nearer."""
        pose = patron.walk.pose(t)
        if pose is None or not in_doorway(pose.x, pose.z):
            return None
        box = patron.figure.face(self.view, pose)
        if box.width < SMALLEST_FACE or not box.inside(self.view):
            return None
        nearer = ((other, at) for other in self.patrons if (at := other.walk.pose(t)) is not None and at.z < pose.z)
        hidden = any(box.covered_by(other.figure.outline(self.view, at)) > MOST_COVERED for other, at in nearer)
        return None if hidden else box

    @property
    def end(self) -> float:
        """Seconds at which the last patron has left."""
        return max(patron.walk.end for patron in self.patrons)


def demo_scene(faces: Path, seed: int) -> Scene:
    """Average the cast's portraits from the training split of ``faces`` and place everybody in the room.

    Raises:
        BadInput: the folder holds no labelled faces, or too few of some kind.
    """
    samples = list_samples(faces).of("train")
    patrons = []
    for number, role in enumerate(CAST, start=1):
        portrait = average_portrait(samples, role.wanted, np.random.default_rng([seed, number]))
        patrons.append(Patron(number, Figure(portrait, role.look, seed + number), role.walk, role.direction))
    return Scene(patrons, seed=seed)


def truth_of(scene: Scene, frames: int, made_by: str, fps: int = FPS) -> dict[str, Any]:
    """What a counter should find in the clip: each patron's labels, times in sight, and face box every fifth frame.

    Raises:
        BadInput: a patron's face is never in sight.
    """
    patrons = []
    for patron in scene.patrons:
        seen = [(n, box) for n in range(frames) if (box := scene.face(patron, n / fps)) is not None]
        if not seen:
            raise BadInput(f"patron {patron.id} is never in sight; mend the walk")
        portrait = patron.figure.portrait
        patrons.append(
            {
                "id": patron.id,
                "age": round(portrait.age, 1),
                "gender": portrait.gender,
                "from_s": round(seen[0][0] / fps, 2),
                "to_s": round(seen[-1][0] / fps, 2),
                "direction": patron.direction,
                "faces_averaged": portrait.faces_averaged,
                "path": [_row(n, box) for n, box in seen if n % PATH_EVERY == 0],
            }
        )
    size = [scene.view.width, scene.view.height]
    return {"fps": fps, "frames": frames, "size": size, "seed": scene.seed, "made_by": made_by, "patrons": patrons}


def _row(frame: int, box: Box) -> list[int]:
    return [frame, round(box.x), round(box.y), round(box.width), round(box.height)]


def frames_of(scene: Scene, frames: int, fps: int = FPS) -> Iterator[Image]:
    """The frames of the clip in order, uint8 RGB."""
    for n in range(frames):
        yield scene.draw(n / fps)


def write_clip(path: Path, images: Iterator[Image], view: View, fps: int = FPS) -> None:
    """Write the frames as MPEG-4 video: the one compact codec that every OpenCV wheel both writes and reads.

    Raises:
        MaitredError: OpenCV can't write such a file there.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (view.width, view.height))
    if not writer.isOpened():
        raise MaitredError(f"{path}: can't write an MPEG-4 file; is the folder writable and OpenCV built with FFmpeg?")
    for image in images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()


def write_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write the truth as JSON, one patron's path a line so that a change is readable in a diff."""
    paths = [patron["path"] for patron in truth["patrons"]]
    marked = {**truth, "patrons": [{**patron, "path": f"@{n}"} for n, patron in enumerate(truth["patrons"])]}
    text = json.dumps(marked, indent=1)
    for n, way in enumerate(paths):
        text = text.replace(f'"@{n}"', json.dumps(way, separators=(",", ":")))
    path.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make ``demo.mp4`` and ``truth.json``; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.rendering.demo_scene", description=main.__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="folder of UTKFace images to average portraits from")
    parser.add_argument("--out", type=Path, required=True, help="folder for demo.mp4 and truth.json")
    parser.add_argument("--seed", type=int, default=7, help="which faces are drawn, and the grain of the room")
    options = parser.parse_args(arguments)
    try:
        scene = demo_scene(options.faces, options.seed)
        options.out.mkdir(parents=True, exist_ok=True)
        frames = round((scene.end + 1) * FPS)
        made_by = (
            f"python -m training.rendering.demo_scene --faces DIR --out {options.out.as_posix()} --seed {options.seed}"
        )
        truth = truth_of(scene, frames, made_by)
        write_clip(options.out / "demo.mp4", frames_of(scene, frames), scene.view)
        write_truth(options.out / "truth.json", truth)
    except MaitredError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
