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
    """Finds, verifies and classifies the faces in the frames of one camera, which come in the order of their times."""

    def detect(self, frame: Frame, expected: Iterable[tuple[float, float, float]]) -> list[Detection]:
        """Find the faces of the next frame. ``expected``: centre and size (x, y, size) in pixels of known faces."""

    def clothing(self, frame: Frame, faces: Sequence[Detection]) -> list[ClothingColours | None]:
        """The colours that each person wears, None if they are not visible; see :mod:`edge.tracking.clothing`."""

    def quality(self, frame: Frame, face: Detection) -> float:
        """How useful a face is for an estimate, 0..1; see :mod:`edge.counting.best_shots`."""

    def shot(self, frame: Frame, face: Detection, quality: float) -> Shot:
        """Cut a face out of the frame, to be classified when its visit ends."""

    def is_verified_face(self, frame: Frame, face: Detection) -> bool:
        """Whether a detection is verified as a face; see :mod:`edge.vision.face_verification`."""

    def are_verified_shots(self, shots: Sequence[Shot]) -> bool:
        """Whether the shots of a track are verified as those of a face."""

    def estimate(self, shot: Shot) -> Estimate:
        """Estimate apparent age and gender from one shot."""


class ModelFrameAnalyzer:
    """A :class:`FrameAnalyzer` that runs the models. It keeps only a thumbnail of the view, to detect motion."""

    def __init__(self, models: Models, detection: DetectionSettings) -> None:
        self._models = models
        self._min_score = detection.min_score
        self._finder = LiveFaceFinder(models.detector, detection.min_face_px, detection.tiles_per_frame)

    def detect(self, frame: Frame, expected: Iterable[tuple[float, float, float]]) -> list[Detection]:
        """See the protocol. It searches the whole view, and small tiles with expected faces or motion."""
        return self._finder.find(frame.image, expected)

    def clothing(self, frame: Frame, faces: Sequence[Detection]) -> list[ClothingColours | None]:
        """See the protocol."""
        return visible_clothing(frame.image, faces)

    def quality(self, frame: Frame, face: Detection) -> float:
        """See the protocol."""
        return quality_of(face, frame.image)

    def shot(self, frame: Frame, face: Detection, quality: float) -> Shot:
        """See the protocol. Crop and context are copies; the frame is not kept."""
        crop = self._models.demographics.crop(frame.image, face)
        context = context_of(frame.image, face, self._models.detector.input_size)
        return Shot(quality, frame.time_s, crop, context)

    def is_verified_face(self, frame: Frame, face: Detection) -> bool:
        """See the protocol. A weak detection needs a higher score."""
        context = context_of(frame.image, face, self._models.detector.input_size)
        return verification_score(context, self._models.detector) >= required_score(face, self._min_score)

    def are_verified_shots(self, shots: Sequence[Shot]) -> bool:
        """See the protocol."""
        return are_verified([shot.context for shot in shots], self._models.detector)

    def estimate(self, shot: Shot) -> Estimate:
        """See the protocol."""
        return self._models.demographics.estimate(shot.crop)
