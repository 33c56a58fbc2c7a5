"""The patrons' faces: photographs out of a labelled folder, one for each patron."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge.cameras.still import read_image
from edge.errors import BadInput
from edge.labels import GENDER_OF_LABEL
from edge.vision.alignment import alignment, crop_aligned, crop_face
from edge.vision.bundle import load_bundle
from edge.vision.detection import Float32Array
from edge.vision.detector import FaceDetector
from edge.vision.tiling import find_faces
from training.data.alignment_reference import CROP
from training.data.dataset import SPLITS, Sample, read_dataset
from training.rendering.average_face import SIDE, FacePicture

SplitChoice = Literal["test", "train", "validation", "all"]
MAX_MISALIGNMENT = 0.1
"""If a picture's face is within this share of its side of where crops have it, the picture is a crop already."""


@dataclass(frozen=True)
class LabelledFace:
    """A patron's photograph, cropped as for the networks, and its label."""

    face_picture: FacePicture
    sample: Sample


def choose_faces(folder: Path, split: SplitChoice, count: int, rng: np.random.Generator) -> list[Sample]:
    """``count`` labelled pictures of the folder's split in random order; none comes twice before all came once.

    Raises:
        BadInput: the folder cannot be used, or no picture of that split has both age and gender.
    """
    splits = SPLITS if split == "all" else (split,)
    usable = [s for s in read_dataset(folder).of(*splits) if s.age is not None and s.gender is not None]
    if not usable:
        raise BadInput(f"{folder}: no picture with age and gender in the {split} split; --split all takes every one")
    usable.sort(key=lambda sample: sample.sha256)
    drawn: list[Sample] = []
    while len(drawn) < count:
        drawn += [usable[n] for n in rng.permutation(len(usable))]
    return drawn[:count]


def read_faces(samples: Sequence[Sample]) -> Iterator[LabelledFace]:
    """The pictures as crops of one size; where a picture is not a crop yet, its face is found and cut out."""
    detector = FaceDetector(load_bundle("face"), threads=1)
    for sample in samples:
        image = read_image(sample.path)
        found = find_faces(image, detector)
        picture = crop_aligned(image, SIDE)
        if found:
            largest = max(found, key=lambda face: face.size)
            transform = alignment(largest.landmarks, CROP)
            if transform is None or _misalignment(transform, min(image.shape[:2])) > MAX_MISALIGNMENT:
                picture = crop_face(image, largest, CROP, SIDE)
        age = sample.age_years
        if age is None or sample.gender is None:
            raise ValueError(f"{sample.path} has no age or no gender")
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        yield LabelledFace(FacePicture(rgb, age, GENDER_OF_LABEL[sample.gender], 1), sample)


def _misalignment(transform: Float32Array, side: int) -> float:
    """How much an alignment differs from taking the whole picture as it is, in sides of the crop."""
    return float(max(np.abs(transform[:, :2] * side - np.eye(2)).max(), np.abs(transform[:, 2]).max()))
