"""A whole simulated scene: its patrons, its frames, its truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.rendering.canvas import Image
from training.rendering.demo_scene import Patron, Scene
from training.rendering.person import Box, Person
from training.simulation.camera_effects import CameraEffects
from training.simulation.conditions import Conditions
from training.simulation.crowd import distinct_seeds, plan_routes, random_style
from training.simulation.face_visibility import VisibleFace, visible_faces
from training.simulation.faces import LabelledFace, SplitChoice, choose_faces, read_faces

EXPOSURES = 4
"""How many moments are averaged for a long exposure."""
ENTRANCE = {"line": [[0.5, 0.0], [0.5, 1.0]], "in": "from left to right"}
"""The entrance line that directions refer to, in fractions of the frame."""
COUNTS_FROM_S = 0.5
"""A patron whose face is clear for less than this many seconds need not be counted."""


@dataclass(frozen=True)
class SimulatedScene:
    """Patrons with real faces, conditions, and a seed for everything else; the same values give the same frames."""

    patrons: Sequence[Patron]
    faces: Sequence[LabelledFace]
    conditions: Conditions
    seed: int

    @cached_property
    def _scene(self) -> Scene:
        return Scene(self.patrons, self.conditions.camera, self.seed)

    @cached_property
    def arriving_frames(self) -> list[int]:
        """Numbers of the frames that arrive; frame n is taken at n / fps seconds."""
        return CameraEffects(self.conditions, self.seed).arriving_frames(
            round((self._scene.end + 1) * self.conditions.fps)
        )

    def frames(self) -> Iterator[tuple[int, Image]]:
        """The numbers and pictures (uint8 RGB) of the frames that arrive."""
        camera_effects = CameraEffects(self.conditions, self.seed)
        for number in self.arriving_frames:
            t = number / self.conditions.fps
            yield number, camera_effects.expose(self._exposure(t), t, number)
            for patron in self.patrons:
                if patron.trajectory.end < t:
                    patron.person.release_sprites()

    def _exposure(self, t: float) -> Image:
        if not self.conditions.shutter_s:
            return self._scene.paint(t)
        moments = t + self.conditions.shutter_s * np.linspace(-0.5, 0.5, EXPOSURES)
        sum_of = np.zeros((self.conditions.height, self.conditions.width, 3), np.uint16)
        for moment in moments.tolist():
            sum_of += self._scene.paint(moment)
        return np.asarray(cv2.convertScaleAbs(sum_of, alpha=1 / EXPOSURES), np.uint8)

    def truth(self, made_by: str) -> dict[str, Any]:
        """What a counter should find; docs/counting.md explains the fields."""
        fps, camera = self.conditions.fps, self.conditions.camera
        paths: dict[int, list[tuple[int, VisibleFace]]] = {patron.id: [] for patron in self.patrons}
        for index, number in enumerate(self.arriving_frames):
            for visible in visible_faces(self.patrons, camera, number / fps):
                paths[visible.patron.id].append((index, visible))
        return {
            "made_by": made_by,
            "seed": self.seed,
            "fps": fps,
            "size": [camera.width, camera.height],
            "conditions": vars(self.conditions),
            "entrance": ENTRANCE,
            "times": [round(number / fps, 4) for number in self.arriving_frames],
            "patrons": [
                self._patron(patron, face, paths[patron.id])
                for patron, face in zip(self.patrons, self.faces, strict=True)
            ],
        }

    def _patron(self, patron: Patron, face: LabelledFace, path: list[tuple[int, VisibleFace]]) -> dict[str, Any]:
        fps = self.conditions.fps
        clear = [self.arriving_frames[index] / fps for index, visible in path if visible.clear]
        return {
            "id": patron.id,
            "file": face.sample.path.name,
            "identity": face.sample.sha256,
            "age": face.face_picture.age,
            "gender": face.face_picture.gender,
            "direction": patron.direction,
            "counts": len(clear) / fps >= COUNTS_FROM_S,
            "from_s": round(clear[0], 3) if clear else None,
            "to_s": round(clear[-1], 3) if clear else None,
            "path": [_row(index, visible.box, visible.clear) for index, visible in path],
        }


def _row(index: int, box: Box, clear: bool) -> list[float]:
    return [index, *(round(value, 1) for value in (box.x, box.y, box.width, box.height)), int(clear)]


def draw_scene(folder: Path, split: SplitChoice, count: int, conditions: Conditions, seed: int) -> SimulatedScene:
    """A scene of ``count`` patrons, with random faces from the folder and random routes.

    Raises:
        BadInput: the folder cannot be used.
    """
    samples = choose_faces(folder, split, count, np.random.default_rng([seed, 0]))
    return scene_with(list(read_faces(samples)), conditions, seed, distinct_seeds(seed, count))


def scene_with(
    faces: Sequence[LabelledFace], conditions: Conditions, seed: int, hair_seeds: Sequence[int]
) -> SimulatedScene:
    """A scene with these faces, random routes, and hair drawn from a seed for each face."""
    routes = plan_routes(conditions.camera, len(faces), conditions.crowd, np.random.default_rng([seed, 10]))
    style_rng = np.random.default_rng([seed, 11])
    patrons = [
        Patron(
            number,
            Person(face.face_picture, random_style(face.face_picture, style_rng), hair_seed),
            route.trajectory,
            route.direction,
        )
        for number, (face, route, hair_seed) in enumerate(zip(faces, routes, hair_seeds, strict=True), start=1)
    ]
    return SimulatedScene(patrons, faces, conditions, seed)
