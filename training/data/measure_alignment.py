"""Measuring where the face detector finds the landmarks of aligned training faces, the reference of the face crop.

``python -m training.data.measure_alignment --data UTKFACE`` prints the values that are in
:mod:`training.data.alignment_reference`. With them, a crop that the agent cuts out of a frame looks like the faces that
the networks were trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.vision.bundle import load_bundle
from edge.vision.detector import FaceDetector
from training.data.alignment_reference import REFERENCE
from training.data.dataset import read_dataset


def measure(data: Path, count: int) -> npt.NDArray[np.float64]:
    """Median landmarks, float (4, 2), as fractions of the picture's side, over ``count`` training faces."""
    detector = FaceDetector(load_bundle("face"), threads=2)
    rows = []
    for sample in read_dataset(data).of("train")[:: max(1, 16000 // count)]:
        image = cv2.imread(str(sample.path), cv2.IMREAD_COLOR)
        if image is None:
            continue
        side = max(image.shape[:2])
        # Search with a margin around the picture: the detector expects surroundings.
        faces = detector.detect(np.asarray(image, np.uint8), -side // 2, -side // 2, 2 * side)
        if len(faces) == 1:
            rows.append(faces[0].landmarks[: len(REFERENCE)] / side)
    found = np.median(rows, axis=0)
    # Training mirrors half of the faces, so the reference must be symmetric (mirroring swaps the eyes).
    mirrored = (found * [-1, 1] + [1, 0])[[1, 0, 2, 3]]
    return (found + mirrored) / 2


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.data.measure_alignment", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    print(measure(options.data, options.count).round(3).astype(float).tolist())  # noqa: T201 (its result)


if __name__ == "__main__":
    main()
