"""The faces of one picture, each with its apparent age and gender: what ``maitred predict`` and ``FaceAnalyzer`` do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from threading import Lock

import numpy as np

from edge.cameras.frame import Frame, Image, check_image
from edge.config.settings import Settings
from edge.labels import Gender, more_probable_gender
from edge.vision.demographics import Estimate
from edge.vision.description import describe
from edge.vision.detection import Detection
from edge.vision.models import Models
from edge.vision.tiling import find_faces

Point = tuple[float, float]


@dataclass(frozen=True, repr=False)
class Face:
    """A face of a picture.

    Attributes:
        box: left, top, width, height in pixels of the picture; may reach beyond its edges.
        score: the detector's confidence, 0..1.
        landmarks: six points (x, y) in pixels: the eye on the image's left, the eye on its right, nose tip, mouth, and
            the ears in the same order.
        age: apparent age in years, 0..100.
        age_interval: its 80 % interval: lowest and highest age in years.
        female_probability: 0..1; None below the apparent age of ``[census] no_gender_below``, where it is guesswork.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: tuple[Point, Point, Point, Point, Point, Point]
    age: float
    age_interval: tuple[float, float]
    female_probability: float | None

    @classmethod
    def of(cls, detection: Detection, estimate: Estimate, no_gender_below: float) -> Face:
        """A detection with its estimate; no gender below that apparent age in years."""
        eye, other_eye, nose, mouth, ear, other_ear = ((x, y) for x, y in detection.landmarks.tolist())
        probability = None if estimate.age < no_gender_below else estimate.female_probability
        return cls(
            detection.box, detection.score, (eye, other_eye, nose, mouth, ear, other_ear),
            estimate.age, estimate.age_interval, probability,
        )  # fmt: skip

    @property
    def gender(self) -> Gender | None:
        """The more probable gender; None where none is given."""
        return more_probable_gender(self.female_probability)

    @property
    def gender_probability(self) -> float | None:
        """Probability of ``gender``, 0.5..1; None where none is given."""
        if self.female_probability is None:
            return None
        return max(self.female_probability, 1 - self.female_probability)

    def __str__(self) -> str:
        x, y, width, height = (round(value) for value in self.box)
        words = describe(self.age, self.age_interval, self.female_probability)
        return f"face {width}x{height} at {x},{y}: {words}"

    def __repr__(self) -> str:
        box = ", ".join(f"{value:.0f}" for value in self.box)
        probability = "None" if self.female_probability is None else f"{self.female_probability:.2f}"
        return (
            f"Face(box=({box}), score={self.score:.2f}, age={self.age:.1f}, "
            f"age_interval=({self.age_interval[0]:.1f}, {self.age_interval[1]:.1f}), "
            f"gender={self.gender!r}, female_probability={probability})"
        )


class FaceAnalyzer:
    """Finds the faces of a picture and estimates the apparent age and gender of each.

    Make one, which loads the models, and call it often. Calls from several threads wait for each other: for more speed,
    give each thread an analyzer of its own. Nothing is kept of a picture.

    Args:
        model: name of a shipped model (``"mobile"``, ``"vgg16"``, ``"table1"``) or the path of a bundle; by default
            the one that the settings name.
        settings: ``[detection]``, ``[demographics]`` and ``[census] no_gender_below`` are used; defaults if None.

    Raises:
        BadInput: there is no such model, or the file is no valid bundle.
        InterpreterError: no TFLite runtime is installed, or it refuses the model.
    """

    def __init__(self, model: str | os.PathLike[str] | None = None, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        if model is not None:
            settings = settings.with_model(model)
        self._model = settings.demographics.model
        self._models = Models.open(settings.detection, settings.demographics)
        self._min_score, self._min_face_px = settings.detection.min_score, settings.detection.min_face_px
        self._no_gender_below = settings.census.no_gender_below
        self._lock = Lock()

    def __call__(self, picture: Image | Frame) -> list[Face]:
        """The faces of a picture from left to right; an empty list if there is none.

        Args:
            picture: uint8 BGR (height, width, 3), as OpenCV reads pictures and cameras, or a camera's :class:`Frame`.

        Raises:
            BadInput: it is something else; the message says what, and how to convert it.
        """
        image = picture.image if isinstance(picture, Frame) else check_image(picture)
        image = np.ascontiguousarray(image)
        with self._lock:
            found = find_faces(image, self._models.detector, self._min_face_px)
            confident = [detection for detection in found if detection.score >= self._min_score]
            return [
                Face.of(detection, self._estimate(image, detection), self._no_gender_below)
                for detection in sorted(confident, key=lambda detection: detection.box[0])
            ]

    def _estimate(self, image: Image, face: Detection) -> Estimate:
        return self._models.demographics.estimate(self._models.demographics.crop(image, face))

    def __repr__(self) -> str:
        return f"FaceAnalyzer({self._model!r})"
