"""The loaded models: one finds faces, the other estimates apparent age and gender."""

from __future__ import annotations

from dataclasses import dataclass

from edge.config.demographics import Demographics
from edge.config.detection import Detection
from edge.vision.bundle import load_bundle
from edge.vision.demographics import DemographicsEstimator
from edge.vision.detector import FaceDetector
from edge.vision.model_sandbox import check_in_sandbox

MIN_TRACKED_SCORE = 0.35
"""Lowest detector score with which a detection can continue a track."""


@dataclass(frozen=True)
class Models:
    """A face detector and an estimator of apparent age and gender, both loaded. Not for two threads at once."""

    detector: FaceDetector
    demographics: DemographicsEstimator

    @classmethod
    def open(cls, detection: Detection, demographics: Demographics) -> Models:
        """Load the models that the sections ``[detection]`` and ``[demographics]`` of the settings name.

        Raises:
            BadInput: a bundle is missing or not valid.
            InterpreterError: no runtime is installed, or it refuses a model.
        """
        face = check_in_sandbox(load_bundle(detection.model).require("face-detection"))
        model = check_in_sandbox(load_bundle(demographics.model).require("demographics"))
        return cls(
            FaceDetector(face, detection.threads, min(MIN_TRACKED_SCORE, detection.min_score)),
            DemographicsEstimator(model, demographics.threads),
        )
