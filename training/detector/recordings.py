"""Faces in four public recordings (``recordings.json``), marked by hand: Intel's sample videos for people and faces.

Two people walk towards the camera in one; in the others one sees backs, shelves and floors. Two in profile, of whom a
detector may find the faces or not, are excused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge.cameras import open_camera
from edge.cameras.frame import Image
from training.detector.composites import Placed
from training.detector.recall_precision import Shown

MARKS = Path(__file__).with_name("recordings.json")
"""For each recording: boxes (left, top, width, height) by frame, those that are excused in all frames, and how many
frames the next photo is away."""


def clip_photos(folder: Path) -> Iterator[Shown]:
    """Frames of the recordings in ``folder``, each by itself.

    Raises:
        BadInput: one of them is not there or cannot be read.
    """
    for marks, frames in _recordings(folder):
        for index, image in enumerate(frames):
            if index % marks["step"] == 0:
                yield Shown([image], _faces(marks, index))


def clip_frames(folder: Path) -> Iterator[Shown]:
    """All frames of the recordings in their order.

    Raises:
        BadInput: one of them is not there or cannot be read.
    """
    for marks, frames in _recordings(folder):
        for index, image in enumerate(frames):
            yield Shown([image], _faces(marks, index), fresh=index == 0)


def _recordings(folder: Path) -> Iterator[tuple[dict[str, Any], Iterator[Image]]]:
    for name, marks in json.loads(MARKS.read_text(encoding="utf-8")).items():
        with open_camera(str(folder / name)) as camera:
            yield marks, (frame.image for frame in camera)


def _faces(marks: dict[str, Any], index: int) -> list[Placed]:
    plain = marks["faces"][index] if marks["faces"] else []
    boxes = [(box, True) for box in plain] + [(box, False) for box in marks["excused"]]
    return [Placed(np.array(box, np.float32), np.zeros((6, 2), np.float32), seen) for box, seen in boxes]
