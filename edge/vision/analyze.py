"""The faces of a photo, each with its estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.cameras.frame import Image
from edge.config.detection import Detection as DetectionSettings
from edge.vision.demographics import Estimate
from edge.vision.detection import Detection
from edge.vision.models import Models
from edge.vision.tiling import find_faces


@dataclass(frozen=True, eq=False)
class Face:
    """A face of a photo."""

    detection: Detection
    estimate: Estimate

    @property
    def gender(self) -> Literal["female", "male"]:
        """The more probable gender."""
        return "female" if self.estimate.female_probability >= 0.5 else "male"

    @property
    def sureness(self) -> float:
        """Probability of ``gender``, 0.5..1."""
        return max(self.estimate.female_probability, 1 - self.estimate.female_probability)


def faces_of(image: Image, models: Models, settings: DetectionSettings) -> list[Face]:
    """All faces of a photo, uint8 BGR (height, width, 3), from left to right."""
    found = find_faces(image, models.detector, settings.min_face_px)
    seen = [detection for detection in found if detection.score >= settings.min_score]
    return [
        Face(detection, models.demographics.estimate(models.demographics.crop(image, detection)))
        for detection in sorted(seen, key=lambda detection: detection.box[0])
    ]
