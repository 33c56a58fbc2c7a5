"""The pictures of docs/counting.md: ``python -m training.simulation.pictures --faces DIR --out docs/images``.

Frames of simulated scenes whose patrons have averaged faces (see :mod:`training.rendering.average_face`), with what the
agent follows drawn over them.
"""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.frame import Frame, Image
from edge.counting.pipeline import Pipeline
from training.data.dataset import Sample, read_dataset
from training.rendering.average_face import FacePicture, average_face
from training.rendering.demo_cast import DEMO_CAST
from training.script import run_program
from training.simulation.conditions import PRESETS
from training.simulation.faces import LabelledFace
from training.simulation.scene import SimulatedScene, scene_with

SHOWN_FROM_S = {"calm": 9.0, "busy": 8.0, "rough": 8.0}
"""Scenes, and the second from which the first frame with :data:`FACES_NEEDED` faces is taken."""
FACES_NEEDED = {"calm": 2, "busy": 4, "rough": 2}
FACE_COUNT = 8
WIDTH = 960
GREEN, WHITE = (90, 200, 60), (255, 255, 255)


def average_faces(folder: Path, seed: int) -> list[LabelledFace]:
    """Averaged faces of the training split, like those of the demo clip."""
    samples = read_dataset(folder).of("train")
    face_pictures = [
        average_face(samples, member.faces, np.random.default_rng([seed, number]))
        for number, member in enumerate(DEMO_CAST[:FACE_COUNT], start=1)
    ]
    return [LabelledFace(face_picture, _unknown(face_picture)) for face_picture in face_pictures]


def _unknown(face_picture: FacePicture) -> Sample:
    return Sample(Path("nobody"), "0" * 64, (round(face_picture.age), round(face_picture.age)), None)


def annotated_frame(scene: SimulatedScene, start: float, faces: int) -> Image:
    """The first frame from ``start`` seconds on with so many tracks (else the last one), annotated; uint8 BGR."""
    pipeline = Pipeline()
    trails: dict[int, deque[tuple[int, int]]] = {}
    picture: Image | None = None
    for index, (number, image) in enumerate(scene.frames()):
        frame = Frame(np.ascontiguousarray(image[..., ::-1]), number / scene.conditions.fps, index)
        pipeline.process(frame)
        for track in pipeline.seen:
            x, y = track.detection.centre
            trails.setdefault(track.id, deque(maxlen=12)).append((round(x), round(y)))
        if pipeline.seen and (picture is None or frame.time_s >= start):
            picture = frame.image.copy()
            for track in pipeline.seen:
                _draw(picture, track.detection.box, f"{track.id}", trails[track.id])
        if frame.time_s >= start and len(pipeline.seen) >= faces:
            break
    if picture is None:
        raise ValueError("no face was tracked in the whole scene")
    return np.asarray(cv2.resize(picture, (WIDTH, WIDTH * 9 // 16), interpolation=cv2.INTER_AREA), np.uint8)


def _draw(image: Image, box: tuple[float, float, float, float], name: str, trail: deque[tuple[int, int]]) -> None:
    left, top, right, bottom = round(box[0]), round(box[1]), round(box[0] + box[2]), round(box[1] + box[3])
    cv2.polylines(image, [np.array(trail, np.int32)], False, GREEN, 2, cv2.LINE_AA)
    cv2.rectangle(image, (left, top), (right, bottom), GREEN, 2)
    cv2.rectangle(image, (left, top - 22), (left + 14 * len(name) + 8, top), GREEN, -1)
    cv2.putText(image, name, (left + 4, top - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.6, WHITE, 1, cv2.LINE_AA)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.simulation.pictures", description=main.__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="folder of UTKFace images whose faces are averaged")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)

    def work() -> None:
        faces = average_faces(options.faces, options.seed)
        options.out.mkdir(parents=True, exist_ok=True)
        for name, start in SHOWN_FROM_S.items():
            scene = scene_with(faces, PRESETS[name], options.seed, range(1, len(faces) + 1))
            picture = annotated_frame(scene, start, FACES_NEEDED[name])
            cv2.imwrite(str(options.out / f"counting-{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])

    return run_program(options.out, work)


if __name__ == "__main__":
    sys.exit(main())
