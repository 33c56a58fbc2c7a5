"""A clip of people who do not exist walking into a drawn restaurant, and the truth about it.

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

from edge.counting.visit import Direction
from edge.errors import BadInput, MaitredError
from training.data.dataset import read_dataset
from training.rendering.average_face import average_face
from training.rendering.canvas import Image, PinholeCamera
from training.rendering.demo_cast import DEMO_CAST
from training.rendering.person import Box, Person
from training.rendering.room import WALL_Z, Room, draw_room, visible_past_wall
from training.rendering.trajectory import Trajectory

FPS = 15
LENS_BLUR = 0.55  # pixels (sigma): no lens draws as sharply as a polygon
SMALLEST_FACE = 24.0  # pixels of width from which the truth counts a face as visible
MAX_COVERED = 0.2  # share of a face that somebody nearer may cover
PATH_EVERY = 5  # frames


@dataclass(frozen=True)
class Patron:
    """Somebody in the scene. ``direction`` is that of the visit: None for somebody who does not cross the entrance."""

    id: int
    person: Person
    trajectory: Trajectory
    direction: Direction | None = "in"


@dataclass(frozen=True)
class Scene:
    """A room, its patrons, and what the camera sees of them at any time."""

    patrons: Sequence[Patron]
    camera: PinholeCamera = field(default_factory=PinholeCamera)
    seed: int = 0

    @cached_property
    def room(self) -> Room:
        """The empty room, drawn once."""
        return draw_room(self.camera, np.random.default_rng(self.seed))

    def draw(self, t: float) -> Image:
        """The frame at ``t`` seconds: uint8 RGB (height, width, 3)."""
        return np.asarray(cv2.GaussianBlur(self.paint(t), (0, 0), LENS_BLUR), np.uint8)

    def paint(self, t: float) -> Image:
        """The same frame without the lens's blur."""
        image = self.room.image.copy()
        present = [(pose, patron) for patron in self.patrons if (pose := patron.trajectory.pose(t)) is not None]
        present.sort(key=lambda one: one[0].z, reverse=True)
        outside = [one for one in present if one[0].z > WALL_Z]
        for pose, patron in outside:
            patron.person.draw(image, self.camera, pose)
        if outside:
            self.room.cover_with_wall(image)
        for pose, patron in present[len(outside) :]:
            patron.person.draw(image, self.camera, pose)
        return image

    def face_box(self, patron: Patron, t: float) -> Box | None:
        """The box of the patron's face; None if it is cut by the frame, too small, or behind the wall or a person."""
        pose = patron.trajectory.pose(t)
        if pose is None or not visible_past_wall(pose.x, pose.z):
            return None
        box = patron.person.face_box(self.camera, pose)
        if box.width < SMALLEST_FACE or not box.inside(self.camera):
            return None
        nearer = (
            (other, at) for other in self.patrons if (at := other.trajectory.pose(t)) is not None and at.z < pose.z
        )
        hidden = any(box.covered_by(other.person.bounding_box(self.camera, at)) > MAX_COVERED for other, at in nearer)
        return None if hidden else box

    @property
    def end(self) -> float:
        """Seconds at which the last patron has left."""
        return max(patron.trajectory.end for patron in self.patrons)


def demo_scene(faces: Path, seed: int) -> Scene:
    """Average a face for every cast member from the training split of ``faces``, and place everybody in the room.

    Raises:
        BadInput: the folder holds no labelled faces, or too few of some kind.
    """
    samples = read_dataset(faces).of("train")
    patrons = []
    for number, member in enumerate(DEMO_CAST, start=1):
        face_picture = average_face(samples, member.faces, np.random.default_rng([seed, number]))
        patrons.append(
            Patron(number, Person(face_picture, member.style, seed + number), member.trajectory, member.direction)
        )
    return Scene(patrons, seed=seed)


def ground_truth(scene: Scene, frames: int, made_by: str, fps: int = FPS) -> dict[str, Any]:
    """What a counter should find: each patron's labels, times in sight, and the face's box in every fifth frame.

    Raises:
        BadInput: a patron's face is never in sight.
    """
    patrons = []
    for patron in scene.patrons:
        visible = [(n, box) for n in range(frames) if (box := scene.face_box(patron, n / fps)) is not None]
        if not visible:
            raise BadInput(f"patron {patron.id} is never in sight; change the trajectory")
        face_picture = patron.person.face_picture
        patrons.append(
            {
                "id": patron.id,
                "age": round(face_picture.age, 1),
                "gender": face_picture.gender,
                "from_s": round(visible[0][0] / fps, 2),
                "to_s": round(visible[-1][0] / fps, 2),
                "direction": patron.direction,
                "faces_averaged": face_picture.faces_averaged,
                "path": [_row(n, box) for n, box in visible if n % PATH_EVERY == 0],
            }
        )
    size = [scene.camera.width, scene.camera.height]
    return {"fps": fps, "frames": frames, "size": size, "seed": scene.seed, "made_by": made_by, "patrons": patrons}


def _row(frame: int, box: Box) -> list[int]:
    return [frame, round(box.x), round(box.y), round(box.width), round(box.height)]


def clip_frames(scene: Scene, frames: int, fps: int = FPS) -> Iterator[Image]:
    """The frames of the clip in order, uint8 RGB."""
    for n in range(frames):
        yield scene.draw(n / fps)


def write_clip(path: Path, images: Iterator[Image], camera: PinholeCamera, fps: int = FPS) -> None:
    """Write the frames as MPEG-4 video, the one compact codec that every OpenCV wheel both writes and reads.

    Raises:
        MaitredError: OpenCV can't write such a file there.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (camera.width, camera.height))
    if not writer.isOpened():
        raise MaitredError(f"{path}: can't write an MPEG-4 file; is the folder writable and OpenCV built with FFmpeg?")
    for image in images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()


def write_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write the truth as JSON, each patron's path on one line, so that a change is readable in a diff."""
    paths = [patron["path"] for patron in truth["patrons"]]
    marked = {**truth, "patrons": [{**patron, "path": f"@{n}"} for n, patron in enumerate(truth["patrons"])]}
    text = json.dumps(marked, indent=1)
    for n, path_rows in enumerate(paths):
        text = text.replace(f'"@{n}"', json.dumps(path_rows, separators=(",", ":")))
    path.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make ``demo.mp4`` and ``truth.json``; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.rendering.demo_scene", description=main.__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="folder of UTKFace images whose faces are averaged")
    parser.add_argument("--out", type=Path, required=True, help="folder for demo.mp4 and truth.json")
    parser.add_argument(
        "--seed", type=int, default=7, help="decides which faces are averaged, and the grain of the room"
    )
    options = parser.parse_args(arguments)
    try:
        scene = demo_scene(options.faces, options.seed)
        options.out.mkdir(parents=True, exist_ok=True)
        frames = round((scene.end + 1) * FPS)
        made_by = (
            f"python -m training.rendering.demo_scene --faces DIR --out {options.out.as_posix()} --seed {options.seed}"
        )
        truth = ground_truth(scene, frames, made_by)
        write_clip(options.out / "demo.mp4", clip_frames(scene, frames), scene.camera)
        write_truth(options.out / "truth.json", truth)
    except MaitredError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
