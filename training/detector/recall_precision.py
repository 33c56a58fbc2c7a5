"""How many faces a detector finds, and how much of what it reports is one: by the agent's own code, in known scenes.

A photo is searched in full, as ``maitred predict`` does. A live frame is looked at as the agent does: the whole view
and a few squares, over some frames in which the camera trembles, so that all of it moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edge.cameras.frame import Image
from edge.config.detection import Detection as DetectionSettings
from edge.vision.bundle import Bundle
from edge.vision.detection import Detection, Floats, nesting, overlaps
from edge.vision.detector import FaceDetector
from edge.vision.models import WEAKEST
from edge.vision.tiling import LiveScan, find_faces
from training.detector.composites import ComposedScene, SceneFace

SAME = 0.35
"""A box that overlaps a face's by this much (intersection over union) reports it."""
MAX_NESTING = 0.5
"""What lies by this share in a face that need not be found is no error."""
LIVE_FRAMES = 5
"""Frames for which a live scene is looked at; the last one counts."""
SETTINGS = DetectionSettings()


class LabelledFrames(NamedTuple):
    """Frames of a scene, uint8 BGR, and the faces of the last one; not ``new_scene``: they go on where others ended."""

    frames: Sequence[Image]
    faces: Sequence[SceneFace]
    new_scene: bool = True


FaceSearch = Callable[[LabelledFrames], list[Detection]]
"""Finds the faces of the last frame."""


@dataclass
class DetectionCounts:
    """``faces`` in plain sight, ``found`` of them; of all ``reported``, those that are ``right``."""

    faces: int = 0
    found: int = 0
    reported: int = 0
    by_size: dict[str, list[int]] = field(default_factory=dict)
    """Faces and those found, by a range of pixels."""

    @property
    def recall(self) -> float:
        """0..1."""
        return self.found / max(self.faces, 1)

    @property
    def precision(self) -> float:
        """0..1; 1 where nothing was reported."""
        return self.found / self.reported if self.reported else 1.0

    def figures(self) -> dict[str, Any]:
        """For a card and for people."""
        return {
            "faces": self.faces, "found": self.found, "false": self.reported - self.found,
            "recall": round(self.recall, 6), "precision": round(self.precision, 6),
            "recall_by_size": {name: round(found / faces, 4) for name, (faces, found) in sorted(self.by_size.items())},
        }  # fmt: skip

    def add(self, found: Sequence[Detection], faces: Sequence[SceneFace]) -> None:
        """Count what was reported of one frame. Each face is found once; what else lies on it is false."""
        best = sorted(found, key=lambda face: -face.score)
        boxes = np.array([face.box for face in best], np.float32).reshape(-1, 4)
        left = np.ones(len(best), bool)
        for place in faces:
            if not place.clear:
                continue
            shared = np.where(left, overlaps(boxes, place.box[None])[:, 0], 0)
            hit = bool(len(best)) and bool(shared.max() >= SAME)
            if hit:
                left[shared.argmax()] = False
            self._count(place.box, hit)
        excused = [place.box for place in faces if not place.clear]
        if excused and len(best):
            left &= nesting(boxes, np.array(excused, np.float32)).max(1) < MAX_NESTING
        self.reported += int(left.sum())

    def _count(self, box: Floats, hit: bool) -> None:
        self.faces += 1
        self.found += hit
        self.reported += hit
        size = float(np.sqrt(box[2] * box[3]))
        name = next((f"to {limit:3}" for limit in (24, 32, 48, 96) if size < limit), "over 96")
        counted = self.by_size.setdefault(name, [0, 0])
        counted[0] += 1
        counted[1] += hit


def photo_search(bundle: Bundle, smallest: int = SETTINGS.min_face_px) -> FaceSearch:
    """Every scale of the last frame, as for a photo."""
    detector = FaceDetector(bundle, 1, SETTINGS.min_score)
    return lambda labelled: find_faces(labelled.frames[-1], detector, smallest)


def live_search(bundle: Bundle, smallest: int = SETTINGS.min_face_px) -> FaceSearch:
    """Frame after frame, as from a camera; what is sure in the last one."""
    detector = FaceDetector(bundle, 1, WEAKEST)
    scan = LiveScan(detector, smallest, SETTINGS.tiles_per_frame)
    found: list[Detection] = []

    def search(labelled: LabelledFrames) -> list[Detection]:
        nonlocal scan, found
        if labelled.new_scene:
            scan, found = LiveScan(detector, smallest, SETTINGS.tiles_per_frame), []
        for frame in labelled.frames:
            found = scan.find(frame, [(*face.centre, face.size) for face in found])
        return [face for face in found if face.score >= SETTINGS.min_score]

    return search


def count_detections(searches: Sequence[FaceSearch], scenes: Iterable[LabelledFrames]) -> list[DetectionCounts]:
    """What each of several detectors makes of the same scenes."""
    totals = [DetectionCounts() for _ in searches]
    for labelled in scenes:
        for search, total in zip(searches, totals, strict=True):
            total.add(search(labelled), labelled.faces)
    return totals


def photo_frames(scene: ComposedScene, rng: np.random.Generator) -> LabelledFrames:
    """One picture."""
    return LabelledFrames([next(scene.noisy_frames(rng))], scene.faces)


def live_frames(scene: ComposedScene, rng: np.random.Generator) -> LabelledFrames:
    """Some frames, the last of which lies as the scene does."""
    noisy_frames = scene.noisy_frames(rng)
    shifts = [*rng.integers(-2, 3, (LIVE_FRAMES - 1, 2)).tolist(), [0, 0]]
    return LabelledFrames([np.roll(next(noisy_frames), shift, (0, 1)) for shift in shifts], scene.faces)
