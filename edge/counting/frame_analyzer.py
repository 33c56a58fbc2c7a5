"""What the models make of the frames of one camera: all that the pipeline knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.cameras.frame import Frame
from edge.config.settings import Settings
from edge.counting.best_shots import Shot, quality_of
from edge.tracking.clothing import Look, looks_of
from edge.vision.bundle import load_bundle
from edge.vision.demographics import DemographicsEstimator, Estimate
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from edge.vision.face_verification import context_of, least_score, second_look, second_score
from edge.vision.model_sandbox import try_out
from edge.vision.tiling import LiveScan

WEAKEST = 0.35
"""Lowest detector score that may carry on a track."""


@dataclass(frozen=True)
class Eyes:
    """The loaded models."""

    detector: FaceDetector
    demographics: DemographicsEstimator

    @classmethod
    def open(cls, settings: Settings) -> Eyes:
        """Load both models.

        Raises:
            BadInput: a bundle is missing or not valid.
            InterpreterError: no runtime, or it refuses a model.
        """
        face = try_out(load_bundle(settings.detection.model).require("face-detection"))
        model = try_out(load_bundle(settings.demographics.model).require("demographics"))
        return cls(
            FaceDetector(face, settings.detection.threads, min(WEAKEST, settings.detection.min_score)),
            DemographicsEstimator(model, settings.demographics.threads),
        )


class Sight:
    """Looks at frames with the eyes it is given. Holds a thumbnail of the view, for motion, and nothing else."""

    def __init__(self, settings: Settings, eyes: Eyes) -> None:
        self._eyes = eyes
        self._min_score = settings.detection.min_score
        self._scan = LiveScan(eyes.detector, settings.detection.min_face_px, settings.detection.tiles_per_frame)

    def find(self, frame: Frame, known: Iterable[tuple[float, float, float]]) -> list[Detection]:
        """Faces of the next frame; ``known``: (x, y, size) in pixels where they are expected."""
        return self._scan.find(frame.image, known)

    def looks(self, frame: Frame, faces: Sequence[Detection]) -> list[Look | None]:
        """What each of them wears."""
        return looks_of(frame.image, faces)

    def quality(self, frame: Frame, face: Detection) -> float:
        """How much a face shows, 0..1."""
        return quality_of(face, frame.image)

    def shot(self, frame: Frame, face: Detection, quality: float) -> Shot:
        """The face cut out, to be judged when its visit ends."""
        crop = self._eyes.demographics.crop(frame.image, face)
        context = context_of(frame.image, face, self._eyes.detector.input_size)
        return Shot(quality, frame.time_s, crop, context)

    def is_still_face(self, frame: Frame, face: Detection) -> bool:
        """Whether a detection is a face at a second look; a weak one has to look more like one."""
        context = context_of(frame.image, face, self._eyes.detector.input_size)
        return second_score(context, self._eyes.detector) >= least_score(face, self._min_score)

    def is_face(self, shots: Sequence[Shot]) -> bool:
        """Whether shots still show a face when looked at again."""
        return second_look(shots, self._eyes.detector)

    def estimate(self, shot: Shot) -> Estimate:
        """Apparent age and gender from one shot."""
        return self._eyes.demographics.estimate(shot.crop)
