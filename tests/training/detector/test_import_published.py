"""The bundle of the published detector, which anybody may use and which the INT8 detector is compared with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from edge.cameras import open_camera
from edge.demo import CLIP
from edge.vision.bundle import Bundle, load_bundle
from edge.vision.detection import intersection_over_union
from edge.vision.detector import FaceDetector
from edge.vision.tiling import find_faces
from training.detector.import_published import SHA256, published_bundle, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(published_detector) -> Bundle:
    return published_bundle()


def test_the_bundle_is_the_published_file_with_a_card(published, tmp_path: Path):
    path = tmp_path / "face.tflite"
    write(path)
    loaded = load_bundle(str(path))
    assert loaded.card == published.card
    assert loaded.card.training.licence == "Apache-2.0"
    length = len(published.model)
    assert hashlib.sha256(path.read_bytes()[:length]).hexdigest() == SHA256 == loaded.card.model_sha256


def test_the_shipped_detector_finds_what_the_published_one_finds(published):
    """The same code reads both forms of output: one tensor for boxes and landmarks, or three with limits."""
    detectors = [FaceDetector(bundle, 1, 0.6) for bundle in (published, load_bundle("face"))]
    with open_camera(str(CLIP)) as camera:
        images = [frame.image for frame in camera if frame.index in (110, 210, 310)]
    for image in images:
        one, other = (find_faces(image, detector) for detector in detectors)
        assert len(one) == len(other) > 0
        for face in one:
            boxes = np.array([found.box for found in other], np.float32)
            shared = intersection_over_union(np.array([face.box], np.float32), boxes)[0]
            assert shared.max() > 0.7
            landmarks = other[int(shared.argmax())].landmarks[:4]
            assert np.abs(landmarks - face.landmarks[:4]).max() < 0.1 * face.size
