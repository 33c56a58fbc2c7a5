"""Recall and precision of a face detector, by the agent's own code, in scenes whose faces are known.

A photo is searched in full, as ``maitred predict`` does. A live frame is searched as the agent does: the whole view and
a few squares, over some frames in which the camera trembles, so that everything moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edge.cameras.frame import Image
from edge.config.detection import Detection as DetectionSettings
from edge.vision.bundle import Bundle
from edge.vision.detection import Detection, Float32Array, intersection_over_smaller, intersection_over_union
from edge.vision.detector import FaceDetector
from edge.vision.models import MIN_TRACKED_SCORE
from edge.vision.tiling import LiveFaceFinder, find_faces
from training.detector.composites import ComposedScene, SceneFace

MIN_OVERLAP = 0.35
"""A detection whose box overlaps a face's by this much (intersection over union) has found it."""
MAX_NESTING = 0.5
"""A detection that lies by this share inside a face that need not be found is no error."""
LIVE_FRAMES = 5
"""How many frames of a live scene are searched; the last one counts."""
SETTINGS = DetectionSettings()


class LabelledFrames(NamedTuple):
    """Frames, uint8 BGR, and the faces of the last one.

    ``new_scene`` is False if the frames continue the previous ones.
    """

    frames: Sequence[Image]
    faces: Sequence[SceneFace]
    new_scene: bool = True


FaceSearch = Callable[[LabelledFrames], list[Detection]]
"""Finds the faces of the last frame."""


@dataclass
class DetectionCounts:
    """Counts over scenes: clear ``faces``, how many of them were ``found``, and all detections ``reported``."""

    faces: int = 0
    found: int = 0
    reported: int = 0
    by_size: dict[str, list[int]] = field(default_factory=dict)
    """Number of faces, and of those found, by range of size in pixels."""

    @property
    def recall(self) -> float:
        """Share of faces that were found, 0..1."""
        return self.found / max(self.faces, 1)

    @property
    def precision(self) -> float:
        """Share of reported detections that are faces, 0..1; 1 if nothing was reported."""
        return self.found / self.reported if self.reported else 1.0

    def figures(self) -> dict[str, Any]:
        """The figures for the card, rounded."""
        return {
            "faces": self.faces, "found": self.found, "false": self.reported - self.found,
            "recall": round(self.recall, 6), "precision": round(self.precision, 6),
            "recall_by_size": {name: round(found / faces, 4) for name, (faces, found) in sorted(self.by_size.items())},
        }  # fmt: skip

    def add(self, found: Sequence[Detection], faces: Sequence[SceneFace]) -> None:
        """Count the detections of one frame. Each face is found once; further detections on it are false."""
        best = sorted(found, key=lambda face: -face.score)
        boxes = np.array([face.box for face in best], np.float32).reshape(-1, 4)
        left = np.ones(len(best), bool)
        for place in faces:
            if not place.clear:
                continue
            shared = np.where(left, intersection_over_union(boxes, place.box[None])[:, 0], 0)
            hit = bool(len(best)) and bool(shared.max() >= MIN_OVERLAP)
            if hit:
                left[shared.argmax()] = False
            self._count(place.box, hit)
        excused = [place.box for place in faces if not place.clear]
        if excused and len(best):
            left &= intersection_over_smaller(boxes, np.array(excused, np.float32)).max(1) < MAX_NESTING
        self.reported += int(left.sum())

    def _count(self, box: Float32Array, hit: bool) -> None:
        self.faces += 1
        self.found += hit
        self.reported += hit
        size = float(np.sqrt(box[2] * box[3]))
        name = next((f"to {limit:3}" for limit in (24, 32, 48, 96) if size < limit), "over 96")
        counted = self.by_size.setdefault(name, [0, 0])
        counted[0] += 1
        counted[1] += hit


def photo_search(bundle: Bundle, smallest: int = SETTINGS.min_face_px) -> FaceSearch:
    """A search of the last frame at every scale, as for a photo."""
    detector = FaceDetector(bundle, 1, SETTINGS.min_score)
    return lambda labelled: find_faces(labelled.frames[-1], detector, smallest)


def live_search(bundle: Bundle, smallest: int = SETTINGS.min_face_px) -> FaceSearch:
    """A search frame by frame, as from a camera; it returns the confident detections of the last one."""
    detector = FaceDetector(bundle, 1, MIN_TRACKED_SCORE)
    scan = LiveFaceFinder(detector, smallest, SETTINGS.tiles_per_frame)
    found: list[Detection] = []

    def search(labelled: LabelledFrames) -> list[Detection]:
        nonlocal scan, found
        if labelled.new_scene:
            scan, found = LiveFaceFinder(detector, smallest, SETTINGS.tiles_per_frame), []
        for frame in labelled.frames:
            found = scan.find(frame, [(*face.centre, face.size) for face in found])
        return [face for face in found if face.score >= SETTINGS.min_score]

    return search


def count_detections(searches: Sequence[FaceSearch], scenes: Iterable[LabelledFrames]) -> list[DetectionCounts]:
    """The counts of each of several searches over the same scenes."""
    totals = [DetectionCounts() for _ in searches]
    for labelled in scenes:
        for search, total in zip(searches, totals, strict=True):
            total.add(search(labelled), labelled.faces)
    return totals


def photo_frames(scene: ComposedScene, rng: np.random.Generator) -> LabelledFrames:
    """One frame of the scene."""
    return LabelledFrames([next(scene.noisy_frames(rng))], scene.faces)


def live_frames(scene: ComposedScene, rng: np.random.Generator) -> LabelledFrames:
    """Some frames, shifted at random by up to 2 pixels; the last one is not shifted."""
    noisy_frames = scene.noisy_frames(rng)
    shifts = [*rng.integers(-2, 3, (LIVE_FRAMES - 1, 2)).tolist(), [0, 0]]
    return LabelledFrames([np.roll(next(noisy_frames), shift, (0, 1)) for shift in shifts], scene.faces)
