"""Running a model over labelled faces: a bundle by the agent's own code, or a Keras file."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.cameras.frame import Image
from edge.cameras.still import read_image
from edge.config.detection import Detection as DetectionSettings
from edge.errors import BadInput
from edge.vision.alignment import crop_aligned, crop_face
from edge.vision.bundle import Bundle, load_bundle
from edge.vision.card import Crop
from edge.vision.demographics import DemographicsEstimator, Estimate
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from edge.vision.tiling import find_faces
from training.data.alignment_reference import CROP
from training.data.dataset import Sample
from training.data.network_input import network_input
from training.evaluation.metrics import Predictions
from training.networks.provenance import origin
from training.requirements import require_installed

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 30
BATCH = 32


@dataclass(frozen=True)
class Predictor:
    """A loaded model, and how faces are cut out of photos for it.

    Attributes:
        name: the model's name.
        sha256: SHA-256 of its file.
        crop: where the face is in a crop.
        size: side of a crop, in pixels.
        estimate: function from face crops (uint8 BGR, any size) to their estimates.
        about: what is known about how it was made: ``training``, ``macs``, ``history``; each may be absent.
    """

    name: str
    sha256: str
    crop: Crop
    size: int
    estimate: Callable[[Sequence[Image]], list[Estimate]]
    about: dict[str, Any] = field(default_factory=dict)


def load_predictor(name_or_path: str) -> Predictor:
    """Load a shipped bundle by name, a bundle by path, or a Keras file (``.keras``).

    Raises:
        BadInput: there is no such model, or it does not estimate age and gender.
        MaitredError: it is a Keras file, and TensorFlow is not installed.
    """
    if not name_or_path.endswith(".keras"):
        return bundle_predictor(load_bundle(name_or_path))
    require_installed("training", "tensorflow")
    from training.networks.checkpoint import load_network

    path = Path(name_or_path)
    loaded = keras_predictor(load_network(path), hashlib.sha256(path.read_bytes()).hexdigest())
    return replace(loaded, about=origin(path))


def bundle_predictor(bundle: Bundle, threads: int = 2) -> Predictor:
    """A predictor that runs a bundle by the agent's own code.

    Raises:
        BadInput: the bundle does not estimate age and gender.
    """
    card = bundle.card
    if card.task != "demographics" or card.crop is None:
        raise BadInput(f"{card.name}: a model for {card.task}; age and gender need a demographics model")
    about = {"training": card.training.model_dump(), "macs": card.macs}
    estimator = DemographicsEstimator(bundle, threads)

    def estimate(crops: Sequence[Image]) -> list[Estimate]:
        return [estimator.estimate(crop) for crop in crops]

    return Predictor(card.name, bundle.sha256, card.crop, card.input.width, estimate, about)


def keras_predictor(network: Any, sha256: str) -> Predictor:
    """A predictor that runs a network of :mod:`training.networks.registry` by Keras."""
    size = int(network.input_shape[1])

    def estimate(crops: Sequence[Image]) -> list[Estimate]:
        outputs = network(network_input([crop[:, :, ::-1] for crop in crops], size), training=False)
        ages, genders = (np.asarray(output) for output in outputs)
        return [Estimate.from_logits(age, gender[0]) for age, gender in zip(ages, genders, strict=True)]

    return Predictor(network.name, sha256, CROP, size, estimate)


class FaceCropper:
    """Cuts the labelled face out of a whole photo, with the agent's own detector and crop.

    Of several faces it takes a large one near the middle: the one with the greatest size minus distance of its centre
    from the photo's centre, both in pixels.
    """

    def __init__(self, crop: Crop, size: int, settings: DetectionSettings | None = None, threads: int = 2) -> None:
        self._crop, self._size = crop, size
        self._settings = settings or DetectionSettings()
        self._detector = FaceDetector(load_bundle(self._settings.model), threads, self._settings.min_score)

    def crop(self, photo: Image) -> Image | None:
        """The face as uint8 BGR (size, size, 3), or None if no face is found."""
        faces = find_faces(photo, self._detector, self._settings.min_face_px)
        if not faces:
            return None
        height, width = photo.shape[:2]

        def prominence(face: Detection) -> float:
            x, y = face.centre
            return face.size - float(np.hypot(x - width / 2, y - height / 2))

        return crop_face(photo, max(faces, key=prominence), self._crop, self._size)


@dataclass(frozen=True)
class PredictionResult:
    """The samples that were predicted, in the order of ``predictions``, and the file names of those that were not."""

    samples: list[Sample]
    predictions: Predictions
    unreadable: list[str]
    undetected: list[str]


def predict(
    samples: Sequence[Sample], model: Predictor, cropper: FaceCropper | None = None, shrink: int | None = None
) -> PredictionResult:
    """Run a model over all samples; their pictures are face crops, or photos out of which ``cropper`` cuts a face.

    ``shrink`` makes each larger crop so many pixels wide first, like a face that is further away.

    Raises:
        BadInput: there are no samples, or no picture can be read and has a face.
    """
    if not samples:
        raise BadInput("there are no images in this split; give more images or another split")
    predicted: list[Sample] = []
    waiting: list[Image] = []
    estimates: list[Estimate] = []
    unreadable, undetected = [], []
    logged = time.monotonic()
    for number, sample in enumerate(samples, start=1):
        if time.monotonic() - logged > SECONDS_BETWEEN_LINES:
            logged = time.monotonic()
            log.info("%d of %d images", number, len(samples))
        try:
            image = read_image(sample.path)
        except BadInput as error:
            log.warning("%s", error)
            unreadable.append(sample.path.name)
            continue
        crop = cropper.crop(image) if cropper else image
        if crop is None:
            undetected.append(sample.path.name)
            continue
        predicted.append(sample)
        # The model enlarges it again, like any small crop from a camera.
        waiting.append(crop_aligned(crop, shrink) if shrink and shrink < min(crop.shape[:2]) else crop)
        if len(waiting) == BATCH:
            estimates += model.estimate(waiting)
            waiting.clear()
    if waiting:
        estimates += model.estimate(waiting)
    if not estimates:
        raise BadInput(
            f"none of {len(samples)} images could be used: {len(unreadable)} unreadable, {len(undetected)} without a"
            " detectable face (pictures that are face crops already need --aligned)"
        )
    table = np.array([(estimate.age, *estimate.age_interval, estimate.female_probability) for estimate in estimates])
    return PredictionResult(predicted, Predictions(table[:, 0], table[:, 1:3], table[:, 3]), unreadable, undetected)
