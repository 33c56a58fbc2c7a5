"""Measures each stage of the agent's work on the bundled clip."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.benchmark.timings import Timings
from edge.cameras import Camera
from edge.cameras.frame import Frame, Image
from edge.config import Settings
from edge.counting.frame_analyzer import ModelFrameAnalyzer
from edge.counting.pipeline import Pipeline
from edge.store.store import Store
from edge.vision.bundle import load_bundle
from edge.vision.demographics import DemographicsEstimator, Estimate
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from edge.vision.models import MIN_TRACKED_SCORE, Models

STAGES = ("capture", "detect", "crop", "classify", "track", "store")
"""``capture`` decodes a frame, ``detect`` runs the detector on one square of it, ``crop`` cuts out a face, ``classify``
estimates one face, ``track`` does the rest of a frame (motion, association, choice of shots), and ``store`` writes a
visit."""


class _TimedDetector(FaceDetector):
    stage: Timings

    def detect(self, image: Image, left: int, top: int, side: int) -> list[Detection]:
        with self.stage.one():
            return super().detect(image, left, top, side)


class _TimedDemographics(DemographicsEstimator):
    cropping: Timings
    classifying: Timings
    crops: list[Image]

    def crop(self, image: Image, face: Detection) -> Image:
        with self.cropping.one():
            return super().crop(image, face)

    def estimate(self, crop: Image) -> Estimate:
        self.crops.append(crop)
        with self.classifying.one():
            return super().estimate(crop)


def measure_stages(camera: Camera, settings: Settings) -> tuple[dict[str, Timings], list[Image]]:
    """Run a whole recording through the agent's pipeline and a store.

    Returns the timings of :data:`STAGES` and the crops that were classified, uint8 BGR, in memory only.
    """
    stages = {name: Timings() for name in STAGES}
    minimum = min(MIN_TRACKED_SCORE, settings.detection.min_score)
    detector = _TimedDetector(load_bundle(settings.detection.model), settings.detection.threads, minimum)
    detector.stage = stages["detect"]
    demographics = _TimedDemographics(load_bundle(settings.demographics.model), settings.demographics.threads)
    demographics.crops = []
    demographics.cropping, demographics.classifying = stages["crop"], stages["classify"]
    pipeline = Pipeline(settings, ModelFrameAnalyzer(Models(detector, demographics), settings.detection))
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "benchmark.db") as store:
        for frame in _captured(camera, stages["capture"]):
            before, whole = _spent(stages), Timings()
            with whole.one():
                visits = pipeline.process(frame)
            stages["track"].seconds.append(max(0.0, whole.seconds[0] - (_spent(stages) - before)))
            for visit in visits:
                with stages["store"].one():
                    store.record([visit], frame.time_s)
    return stages, demographics.crops


def _spent(stages: dict[str, Timings]) -> float:
    return float(np.sum([sum(stages[name].seconds) for name in ("detect", "crop", "classify")]))


def _captured(camera: Camera, timings: Timings) -> Iterator[Frame]:
    while True:
        with timings.one():
            frame = camera.read()
        if frame is None:
            timings.seconds.pop()  # there was no frame, because the recording had ended
            return
        yield frame
