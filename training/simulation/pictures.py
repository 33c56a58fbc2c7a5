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
from edge.config.settings import Settings
from edge.counting.pipeline import Pipeline
from edge.vision.models import Models
from training.data.dataset import Sample, list_samples
from training.rendering.average_face import Portrait, average_portrait
from training.rendering.demo_cast import CAST
from training.rendering.demo_scene import Patron
from training.rendering.person import Figure
from training.script import written
from training.simulation.conditions import PRESETS, Conditions
from training.simulation.crowd import draw_ways, look_of
from training.simulation.faces import Face
from training.simulation.scene import Stage

SHOWN = {"calm": 9.0, "busy": 8.0, "rough": 8.0}
"""Scenes, and the second from which the first frame with as many faces as the scene is to have is shown."""
ENOUGH = {"calm": 2, "busy": 4, "rough": 2}
CAST_SIZE = 8
WIDTH = 960
GREEN, WHITE = (90, 200, 60), (255, 255, 255)


def nobodies(folder: Path, seed: int) -> list[Face]:
    """Averaged faces of the training split, as the demo clip has them."""
    samples = list_samples(folder).of("train")
    portraits = [
        average_portrait(samples, role.wanted, np.random.default_rng([seed, number]))
        for number, role in enumerate(CAST[:CAST_SIZE], start=1)
    ]
    return [Face(portrait, _unknown(portrait)) for portrait in portraits]


def _unknown(portrait: Portrait) -> Sample:
    return Sample(Path("nobody"), "0" * 64, (round(portrait.age), round(portrait.age)), None)


def stage_of(faces: Sequence[Face], conditions: Conditions, seed: int) -> Stage:
    """A scene with these faces."""
    ways = draw_ways(conditions.view, len(faces), conditions.crowd, np.random.default_rng([seed, 10]))
    looks = np.random.default_rng([seed, 11])
    patrons = [
        Patron(number, Figure(face.portrait, look_of(face.portrait, looks), number), way.walk, way.direction)
        for number, (face, way) in enumerate(zip(faces, ways, strict=True), start=1)
    ]
    return Stage(patrons, faces, conditions, seed)


def picture(stage: Stage, models: Models, start: float, faces: int) -> Image:
    """The first frame after ``start`` seconds in which so many are followed (else the last), drawn over; uint8 BGR."""
    pipeline = Pipeline.open(Settings(), models)
    trails: dict[int, deque[tuple[int, int]]] = {}
    shown: Image | None = None
    for index, (number, image) in enumerate(stage.frames()):
        frame = Frame(np.ascontiguousarray(image[..., ::-1]), number / stage.conditions.fps, index)
        pipeline.process(frame)
        for track in pipeline.seen:
            x, y = track.detection.centre
            trails.setdefault(track.id, deque(maxlen=12)).append((round(x), round(y)))
        if pipeline.seen and (shown is None or frame.time_s >= start):
            shown = frame.image.copy()
            for track in pipeline.seen:
                _draw(shown, track.detection.box, f"{track.id}", trails[track.id])
        if frame.time_s >= start and len(pipeline.seen) >= faces:
            break
    if shown is None:
        raise ValueError("nobody was seen")
    return np.asarray(cv2.resize(shown, (WIDTH, WIDTH * 9 // 16), interpolation=cv2.INTER_AREA), np.uint8)


def _draw(image: Image, box: tuple[float, float, float, float], name: str, trail: deque[tuple[int, int]]) -> None:
    left, top, right, bottom = round(box[0]), round(box[1]), round(box[0] + box[2]), round(box[1] + box[3])
    cv2.polylines(image, [np.array(trail, np.int32)], False, GREEN, 2, cv2.LINE_AA)
    cv2.rectangle(image, (left, top), (right, bottom), GREEN, 2)
    cv2.rectangle(image, (left, top - 22), (left + 14 * len(name) + 8, top), GREEN, -1)
    cv2.putText(image, name, (left + 4, top - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.6, WHITE, 1, cv2.LINE_AA)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.simulation.pictures", description=main.__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="folder of UTKFace images to average portraits from")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)

    def work() -> None:
        faces = nobodies(options.faces, options.seed)
        settings = Settings()
        models = Models.open(settings.detection, settings.demographics)
        options.out.mkdir(parents=True, exist_ok=True)
        for scene, start in SHOWN.items():
            stage = stage_of(faces, PRESETS[scene], options.seed)
            shown = picture(stage, models, start, ENOUGH[scene])
            cv2.imwrite(str(options.out / f"counting-{scene}.jpg"), shown, [cv2.IMWRITE_JPEG_QUALITY, 85])

    return written(options.out, work)


if __name__ == "__main__":
    sys.exit(main())
