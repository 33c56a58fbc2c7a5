"""Faces that tests of several folders use: a detection, an estimate, and a folder of labelled pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.vision.demographics import Estimate
from edge.vision.detection import Detection


def face(x: float, y: float = 200.0, size: float = 40.0, score: float = 0.9) -> Detection:
    """A square face around (x, y), in pixels, whose landmarks do not matter: all are at the origin."""
    return Detection((x - size / 2, y - size / 2, size, size), score, np.zeros((6, 2), np.float32))


def bell(mean: float, width: float = 5.0, female: float = 0.5) -> Estimate:
    """An estimate whose age distribution is normal, but for the ends of the scale, with this mean and deviation."""
    density = np.exp(-0.5 * ((np.arange(101) - mean) / width) ** 2)
    return Estimate((density / density.sum()).astype(np.float32), female)


def labelled_noise(folder: Path, count: int) -> Path:
    """Fills a new folder with pictures of noise named as UTKFace names them: ages from 1 up, genders in turn."""
    # Not above: OpenCV takes its limits from what the package sets, if that comes first.
    import cv2

    folder.mkdir()
    for index in range(count):
        image = np.random.default_rng(index).integers(0, 256, (24, 24, 3), np.uint8)
        cv2.imwrite(str(folder / f"{1 + index}_{index % 2}_0_{20170101000000000 + index}.bmp"), image)
    return folder
