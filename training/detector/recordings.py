"""Faces in four public recordings, Intel's sample videos of people, marked by hand in ``recordings.json``.

In one of them two people walk towards the camera; the others show backs, shelves and floors. Two people in profile are
marked as excused: a detector may find their faces or not.
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
"""For each recording: the boxes (left, top, width, height) of each frame, those that are excused in all frames, and the
number of frames from one photo to the next."""


def recording_photos(folder: Path) -> Iterator[LabelledFrames]:
    """Some frames of the recordings in ``folder``, each as a photo of its own.

    Raises:
        BadInput: a recording is not there or cannot be read.
    """
    for labels, frames in _recordings(folder):
        for index, image in enumerate(frames):
            if index % labels["step"] == 0:
                yield LabelledFrames([image], _faces(labels, index))


def recording_frames(folder: Path) -> Iterator[LabelledFrames]:
    """All frames of the recordings, in order.

    Raises:
        BadInput: a recording is not there or cannot be read.
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
