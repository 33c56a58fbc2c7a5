"""Recording the models' outputs for a simulated clip, so that a changed tracker is tried on it again in seconds.

A recording holds numbers only: boxes, colours, qualities, estimates. It has the detector's answers only for those parts
of the frames that the tracker of that day asked for. So develop a change on recordings, and measure it on clips.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from edge.cameras.frame import Frame
from edge.config.detection import Detection as DetectionSettings
from edge.config.settings import Settings
from edge.counting.best_shots import Shot
from edge.counting.frame_analyzer import ModelFrameAnalyzer
from edge.errors import BadInput
from edge.tracking.clothing import LENGTH, ClothingColours, clothing_of, is_clothing_visible
from edge.vision.demographics import Estimate
from edge.vision.detection import Detection
from edge.vision.face_verification import MIN_SCORE, required_score, verification_score
from edge.vision.models import Models

FIELDS = ("frame", "box", "score", "landmarks", "look", "quality", "second", "ages", "female", "mirrored_ages",
          "mirrored_female")  # fmt: skip


class RecordingAnalyzer(ModelFrameAnalyzer):
    """Records what the models make of each frame; every face is classified at once."""

    def __init__(self, models: Models, detection: DetectionSettings) -> None:
        super().__init__(models, detection)
        self.times: list[float] = []
        self.size = (0, 0)
        self.rows: list[dict[str, Any]] = []

    def detect(self, frame: Frame, expected: Iterable[tuple[float, float, float]]) -> list[Detection]:
        """As the agent's, recorded."""
        faces = super().detect(frame, expected)
        for face in faces:
            look = clothing_of(frame.image, face)
            shot = self.shot(frame, face, self.quality(frame, face))
            plain = self.estimate(shot)
            mirrored = self._models.demographics.estimate(np.ascontiguousarray(shot.crop[:, ::-1]))
            self.rows.append({
                "frame": len(self.times), "box": face.box, "score": face.score, "landmarks": face.landmarks,
                "look": np.full(LENGTH, np.nan) if look is None else look, "quality": shot.quality,
                "second": verification_score(shot.context, self._models.detector),
                "ages": plain.age_distribution, "female": plain.female_probability,
                "mirrored_ages": mirrored.age_distribution, "mirrored_female": mirrored.female_probability,
            })  # fmt: skip
        self.times.append(frame.time_s)
        self.size = frame.size
        return faces

    def write(self, path: Path) -> None:
        """Write the recording (``.npz``)."""
        columns = {name: np.array([row[name] for row in self.rows]) for name in FIELDS}
        np.savez_compressed(path, times=np.array(self.times), size=np.array(self.size), allow_pickle=False, **columns)


@dataclass(frozen=True, eq=False)
class _RecordedFace(Detection):
    row: int = -1


class ReplayAnalyzer:
    """A ``FrameAnalyzer`` that answers with what was recorded. Iterating over it gives frames without a picture."""

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path) as file:
                self._columns = {name: file[name] for name in FIELDS}
                self.times: list[float] = file["times"].tolist()
                self._size: list[int] = file["size"].tolist()
        except (OSError, ValueError, KeyError) as error:
            raise BadInput(f"{path}: not a recording ({error}); delete it, and it will be made again") from error
        self._faces: list[list[_RecordedFace]] = [[] for _ in self.times]
        for row, frame in enumerate(self._columns["frame"].tolist()):
            left, top, width, height = self._columns["box"][row].tolist()
            score, landmarks = float(self._columns["score"][row]), self._columns["landmarks"][row]
            self._faces[frame].append(_RecordedFace((left, top, width, height), score, landmarks, row))

    def __iter__(self) -> Iterator[Frame]:
        width, height = self._size
        blank = np.broadcast_to(np.uint8(0), (height, width, 3))
        return (Frame(blank, time_s, index) for index, time_s in enumerate(self.times))

    def detect(self, frame: Frame, expected: Iterable[tuple[float, float, float]]) -> list[Detection]:  # noqa: ARG002
        """The faces that were recorded for that frame."""
        return list(self._faces[frame.index])

    def clothing(self, frame: Frame, faces: Sequence[Detection]) -> list[ClothingColours | None]:  # noqa: ARG002
        """The clothing colours that were recorded."""
        looks = self._columns["look"][[self._row(face) for face in faces]].astype(np.float32)
        free = is_clothing_visible(faces)
        return [None if np.isnan(look[0]) or not seen else look for look, seen in zip(looks, free, strict=True)]

    def quality(self, frame: Frame, face: Detection) -> float:  # noqa: ARG002
        """As it was recorded."""
        return float(self._columns["quality"][self._row(face)])

    def shot(self, frame: Frame, face: Detection, quality: float) -> Shot:
        """A shot whose picture is replaced by the number of its row in the recording."""
        row = np.array(self._row(face))
        return Shot(quality, frame.time_s, row, row)

    def is_verified_face(self, frame: Frame, face: Detection) -> bool:  # noqa: ARG002
        """As it was recorded."""
        return bool(self._columns["second"][self._row(face)] >= required_score(face, Settings().detection.min_score))

    def are_verified_shots(self, shots: Sequence[Shot]) -> bool:
        """By the recorded scores of the second detection."""
        scores = [float(self._columns["second"][int(shot.context)]) for shot in shots]
        return bool(scores) and median(scores) >= MIN_SCORE

    def estimate(self, shot: Shot) -> Estimate:
        """The estimate that was recorded."""
        return self._estimate(shot, "")

    def mirrored(self, shot: Shot) -> Estimate:
        """The recorded estimate of the mirrored crop."""
        return self._estimate(shot, "mirrored_")

    def _estimate(self, shot: Shot, which: str) -> Estimate:
        row = int(shot.crop)
        return Estimate(self._columns[which + "ages"][row], float(self._columns[which + "female"][row]))

    def _row(self, face: Detection) -> int:
        if not isinstance(face, _RecordedFace):
            raise TypeError("a recording has only its own detections")
        return face.row
