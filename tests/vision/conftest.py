"""Faces to be found: drawn patrons of the demo clip, which is always there, and photographs, if there are any."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import open_camera
from edge.demo import CLIP, TRUTH
from edge.vision.bundle import load_bundle
from edge.vision.detector import FaceDetector


@pytest.fixture(scope="session")
def weak_detector() -> FaceDetector:
    """The shipped detector at the lowest score that the pipeline uses."""
    return FaceDetector(load_bundle("face"), 1, 0.35)


@pytest.fixture(scope="session")
def heads() -> list[np.ndarray]:
    """Heads with hair and shoulders from the demo clip, uint8 BGR; the face is the middle half of the width."""
    truth = json.loads(TRUTH.read_text())
    width, _height = truth["size"]
    boxes: dict[int, tuple[int, int, int, int]] = {}
    for patron in truth["patrons"]:
        # The largest face with enough room around it.
        views = [(w, f, x, y, h) for f, x, y, w, h in patron["path"] if x > w and x + 2 * w < width and y > h / 2]
        if views:
            w, frame, x, y, h = max(views)
            boxes[frame] = (x, y, w, h)
    heads = []
    with open_camera(str(CLIP)) as camera:
        for frame in camera:
            if frame.index in boxes:
                x, y, w, h = boxes[frame.index]
                heads.append(frame.image[y - h // 2 : y + round(1.6 * h), x - w // 2 : x + w + w // 2].copy())
    return heads


@pytest.fixture
def chips(utkface: Path) -> list[np.ndarray]:
    """40 photographs of adults, 200x200, filled by the face; always the same ones."""
    adults = [path for path in sorted(utkface.glob("*.jpg")) if 16 <= int(path.name.split("_")[0]) <= 75]
    return [cv2.imread(str(path)) for path in random.Random(1).sample(adults, 40)]


@pytest.fixture(scope="session")
def textured() -> Callable[[int, int, int], np.ndarray]:
    """``textured(width, height, seed)``: a frame with soft noise at several scales, with boxes and without people.

    Drawn once and read-only: make a copy to draw into it.
    """

    @functools.cache
    def frame(width: int, height: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        image = np.full((height, width, 3), 110, np.float32)
        for cell, strength in ((4, 6), (16, 14), (64, 30)):
            noise = rng.normal(0, strength, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
            image += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        for _ in range(25):
            x, y = int(rng.integers(width)), int(rng.integers(height))
            corner = x + int(rng.integers(5, width // 6)), y + int(rng.integers(5, height // 4))
            colour = [float(value) for value in rng.integers(20, 235, 3)]
            cv2.rectangle(image, (x, y), corner, colour, -1 if rng.random() < 0.5 else 2)
        drawn = np.clip(image, 0, 255).astype(np.uint8)
        drawn.flags.writeable = False
        return drawn

    return frame
