"""From a frame to faces, crops and estimates: the pipeline uses the models only through this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from edge.cameras.frame import Frame
from edge.config.detection import Detection as DetectionSettings
from edge.counting.best_shots import Shot, quality_of
from edge.tracking.clothing import ClothingColours, visible_clothing
from edge.vision.demographics import Estimate
from edge.vision.detection import Detection
from edge.vision.face_verification import are_verified, context_of, required_score, verification_score
from edge.vision.models import Models
from edge.vision.tiling import LiveFaceFinder


class FrameAnalyzer(Protocol):
    """What the pipeline asks about the frames of one camera, in the order of their times."""

    def detect(self, frame: Frame, expected: Iterable[tuple[float, float, float]]) -> list[Detection]:
        """The faces of the next frame; ``expected``: (x, y, size) in pixels where known faces should be."""

    def clothing(self, frame: Frame, faces: Sequence[Detection]) -> list[ClothingColours | None]:
        """The colours that each person wears, None where they are not visible; see :mod:`edge.tracking.clothing`."""

    def quality(self, frame: Frame, face: Detection) -> float:
        """How useful the picture of a face is for an estimate, 0..1."""

    def shot(self, frame: Frame, face: Detection, quality: float) -> Shot:
        """The face cut out of the frame, to be classified when its visit ends."""

    def is_still_face(self, frame: Frame, face: Detection) -> bool:
        """Whether a detection is verified as a face; see :mod:`edge.vision.face_verification`."""

    def is_face(self, shots: Sequence[Shot]) -> bool:
        """Whether the shots of a track are verified as those of a face."""

    def estimate(self, shot: Shot) -> Estimate:
        """Apparent age and gender from one shot."""


class ModelFrameAnalyzer:
    """A :class:`FrameAnalyzer` that runs the models. Keeps a thumbnail of the view, to detect motion, nothing else."""

    def __init__(self, models: Models, detection: DetectionSettings) -> None:
        self._models = models
        self._min_score = detection.min_score
        self._scan = LiveFaceFinder(models.detector, detection.min_face_px, detection.tiles_per_frame)

    def detect(self, frame: Frame, expected: Iterable[tuple[float, float, float]]) -> list[Detection]:
        """As the protocol says; searches the whole view, around expected faces, and where something moves."""
        return self._scan.find(frame.image, expected)

    def clothing(self, frame: Frame, faces: Sequence[Detection]) -> list[ClothingColours | None]:
        """As the protocol says."""
        return visible_clothing(frame.image, faces)

    def quality(self, frame: Frame, face: Detection) -> float:
        """As the protocol says."""
        return quality_of(face, frame.image)

    def shot(self, frame: Frame, face: Detection, quality: float) -> Shot:
        """As the protocol says; crop and context are copies, the frame is not kept."""
        crop = self._models.demographics.crop(frame.image, face)
        context = context_of(frame.image, face, self._models.detector.input_size)
        return Shot(quality, frame.time_s, crop, context)

    def is_still_face(self, frame: Frame, face: Detection) -> bool:
        """As the protocol says; a weak detection needs a higher score."""
        context = context_of(frame.image, face, self._models.detector.input_size)
        return verification_score(context, self._models.detector) >= required_score(face, self._min_score)

    def is_face(self, shots: Sequence[Shot]) -> bool:
        """As the protocol says."""
        return are_verified([shot.context for shot in shots], self._models.detector)

    def estimate(self, shot: Shot) -> Estimate:
        """As the protocol says."""
        return self._models.demographics.estimate(shot.crop)
