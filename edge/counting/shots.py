"""Which crops of a face are worth classifying: the few best of a visit."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace

import numpy as np

from edge.cameras.frame import Image
from edge.vision.detection import Detection

ENOUGH_PX = 120.0
"""A larger face shows no more."""
APART_S = 0.25
"""Shots closer in time than this are nearly the same picture: only the better one is kept."""


@dataclass(order=True)
class Shot:
    """A crop in RAM, ordered by its quality."""

    quality: float
    time_s: float
    crop: Image = field(compare=False, repr=False)
    """The face as the demographics model wants it."""
    context: Image = field(compare=False, repr=False)
    """The face and its surroundings as the detector wants them, for :func:`second_look`."""


class BestShots:
    """Keeps at most ``count`` crops of one track, the best ones."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heap: list[Shot] = []

    @property
    def shots(self) -> list[Shot]:
        """The kept shots, best first."""
        return sorted(self._heap, reverse=True)

    def wants(self, quality: float, time_s: float) -> bool:
        """Whether a shot of that quality would be kept: asked before the crop is made."""
        near = self._near(time_s)
        if near is not None:
            return quality > near.quality
        return len(self._heap) < self._count or quality > self._heap[0].quality

    def add(self, shot: Shot) -> None:
        """Keep a shot, in place of a near one or of the worst."""
        near = self._near(shot.time_s)
        if near is not None:
            self._heap.remove(near)
            heapq.heapify(self._heap)
            # The first one's time counts: who comes nearer looks better in every frame, and still leaves several shots.
            shot = replace(shot, time_s=near.time_s)
        heapq.heappush(self._heap, shot)
        if len(self._heap) > self._count:
            heapq.heappop(self._heap)

    def _near(self, time_s: float) -> Shot | None:
        return next((shot for shot in self._heap if abs(shot.time_s - time_s) < APART_S), None)


def quality_of(face: Detection, image: Image) -> float:
    """How much a face shows, 0..1: size, frontality, being whole, detector score."""
    height, width = image.shape[:2]
    left, top, box_width, box_height = face.box
    inside = max(min(left + box_width, width) - max(left, 0), 0) * max(min(top + box_height, height) - max(top, 0), 0)
    whole = inside / max(box_width * box_height, 1e-9)
    return float(min(face.size / ENOUGH_PX, 1.0) * frontality(face) * whole**2 * face.score)


def frontality(face: Detection) -> float:
    """1 for a face seen from the front, towards 0 in profile: where the nose lies between the eyes."""
    left_eye, right_eye, nose = face.landmarks[:3]
    axis = right_eye - left_eye
    span = float(axis @ axis)
    if span < 1e-6:
        return 0.0
    along = float((nose - left_eye) @ axis) / span
    return float(np.clip(1 - 1.6 * abs(along - 0.5), 0.05, 1.0))
