"""Settings for TensorFlow that must be made before it starts, and pictures that a network can learn from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

# With one thread, sums are always taken in the same order, so two runs can be compared bit for bit.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


@pytest.fixture(scope="session")
def coloured_faces() -> Callable[[Path, int], Path]:
    """A function that fills a folder with pictures: reddish for female, bluish for male, darker with age."""

    def make(folder: Path, count: int) -> Path:
        folder.mkdir(exist_ok=True)
        rng = np.random.default_rng(0)
        for index in range(count):
            gender, age = index % 2, int(rng.integers(1, 90))
            colour = (60, 60, 200) if gender else (200, 60, 60)
            image = np.array(colour) * (1 - age / 200) + rng.normal(0, 8, (32, 32, 3))
            name = f"{age}_{gender}_0_{20170101000000000 + index}.png"
            cv2.imwrite(str(folder / name), image.clip(0, 255).astype(np.uint8))
        return folder

    return make
