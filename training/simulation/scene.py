"""A whole simulated scene: its cast, its frames, its truth."""

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
from training.rendering.person import Box, Figure
from training.simulation.conditions import Conditions
from training.simulation.crowd import distinct_seeds, draw_ways, look_of
from training.simulation.face_visibility import Sight, sights
from training.simulation.faces import Choice, Face, draw_faces, read_faces
from training.simulation.lens import Lens

EXPOSURES = 4
"""Moments of a long exposure that are averaged."""
ENTRANCE = {"line": [[0.5, 0.0], [0.5, 1.0]], "in": "from left to right"}
"""The entrance that directions are about, in fractions of the frame."""
COUNTS_FROM_S = 0.5
"""Whose face is in plain sight for less than this need not be counted."""


@dataclass(frozen=True)
class Stage:
    """Patrons with real faces, conditions, and a seed for everything else; the same again gives the same frames."""

    patrons: Sequence[Patron]
    faces: Sequence[Face]
    conditions: Conditions
    seed: int

    @cached_property
    def _scene(self) -> Scene:
        return Scene(self.patrons, self.conditions.view, self.seed)

    @cached_property
    def arrivals(self) -> list[int]:
        """Numbers of the frames that arrive; frame n is of n / fps seconds."""
        return Lens(self.conditions, self.seed).arrivals(round((self._scene.end + 1) * self.conditions.fps))

    def frames(self) -> Iterator[tuple[int, Image]]:
        """The numbers and pictures (uint8 RGB) of the frames that arrive."""
        lens = Lens(self.conditions, self.seed)
        for number in self.arrivals:
            t = number / self.conditions.fps
            yield number, lens.expose(self._exposed(t), t, number)
            for patron in self.patrons:
                if patron.walk.end < t:
                    patron.figure.release()

    def _exposed(self, t: float) -> Image:
        if not self.conditions.shutter_s:
            return self._scene.paint(t)
        moments = t + self.conditions.shutter_s * np.linspace(-0.5, 0.5, EXPOSURES)
        sum_of = np.zeros((self.conditions.height, self.conditions.width, 3), np.uint16)
        for moment in moments.tolist():
            sum_of += self._scene.paint(moment)
        return np.asarray(cv2.convertScaleAbs(sum_of, alpha=1 / EXPOSURES), np.uint8)

    def truth(self, made_by: str) -> dict[str, Any]:
        """What a counter should find; see docs/counting.md for the fields."""
        fps, view = self.conditions.fps, self.conditions.view
        paths: dict[int, list[tuple[int, Sight]]] = {patron.id: [] for patron in self.patrons}
        for index, number in enumerate(self.arrivals):
            for sight in sights(self.patrons, view, number / fps):
                paths[sight.patron.id].append((index, sight))
        return {
            "made_by": made_by,
            "seed": self.seed,
            "fps": fps,
            "size": [view.width, view.height],
            "conditions": vars(self.conditions),
            "entrance": ENTRANCE,
            "times": [round(number / fps, 4) for number in self.arrivals],
            "patrons": [
                self._patron(patron, face, paths[patron.id])
                for patron, face in zip(self.patrons, self.faces, strict=True)
            ],
        }

    def _patron(self, patron: Patron, face: Face, path: list[tuple[int, Sight]]) -> dict[str, Any]:
        fps = self.conditions.fps
        plain = [self.arrivals[index] / fps for index, sight in path if sight.plain]
        return {
            "id": patron.id,
            "file": face.sample.path.name,
            "identity": face.sample.sha256,
            "age": face.portrait.age,
            "gender": face.portrait.gender,
            "direction": patron.direction,
            "counts": len(plain) / fps >= COUNTS_FROM_S,
            "from_s": round(plain[0], 3) if plain else None,
            "to_s": round(plain[-1], 3) if plain else None,
            "path": [_row(index, sight.box, sight.plain) for index, sight in path],
        }


def _row(index: int, box: Box, plain: bool) -> list[float]:
    return [index, *(round(value, 1) for value in (box.x, box.y, box.width, box.height)), int(plain)]


def draw_stage(folder: Path, split: Choice, count: int, conditions: Conditions, seed: int) -> Stage:
    """Draw faces from the folder and place ``count`` patrons.

    Raises:
        BadInput: the folder cannot be used.
    """
    samples = draw_faces(folder, split, count, np.random.default_rng([seed, 0]))
    ways = draw_ways(conditions.view, count, conditions.crowd, np.random.default_rng([seed, 10]))
    looks = np.random.default_rng([seed, 11])
    faces = list(read_faces(samples))
    patrons = [
        Patron(number, Figure(face.portrait, look_of(face.portrait, looks), hair), way.walk, way.direction)
        for number, (face, way, hair) in enumerate(zip(faces, ways, distinct_seeds(seed, count), strict=True), start=1)
    ]
    return Stage(patrons, faces, conditions, seed)
