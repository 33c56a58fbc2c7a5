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
from training.detector.composites import SceneFace
from training.detector.recall_precision import LabelledFrames

LABELS = Path(__file__).with_name("recordings.json")
"""For each recording: boxes (left, top, width, height) by frame, those that are excused in all frames, and how many
frames the next photo is away."""


def recording_photos(folder: Path) -> Iterator[LabelledFrames]:
    """Frames of the recordings in ``folder``, each by itself.

    Raises:
        BadInput: one of them is not there or cannot be read.
    """
    for labels, frames in _recordings(folder):
        for index, image in enumerate(frames):
            if index % labels["step"] == 0:
                yield LabelledFrames([image], _faces(labels, index))


def recording_frames(folder: Path) -> Iterator[LabelledFrames]:
    """All frames of the recordings in their order.

    Raises:
        BadInput: one of them is not there or cannot be read.
    """
    for labels, frames in _recordings(folder):
        for index, image in enumerate(frames):
            yield LabelledFrames([image], _faces(labels, index), new_scene=index == 0)


def _recordings(folder: Path) -> Iterator[tuple[dict[str, Any], Iterator[Image]]]:
    for name, labels in json.loads(LABELS.read_text(encoding="utf-8")).items():
        with open_camera(str(folder / name)) as camera:
            yield labels, (frame.image for frame in camera)


def _faces(labels: dict[str, Any], index: int) -> list[SceneFace]:
    clear = labels["faces"][index] if labels["faces"] else []
    boxes = [(box, True) for box in clear] + [(box, False) for box in labels["excused"]]
    return [SceneFace(np.array(box, np.float32), np.zeros((6, 2), np.float32), is_clear) for box, is_clear in boxes]
