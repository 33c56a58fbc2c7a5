"""What a camera does to a scene: exposure, blur, noise, and frames that never arrive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rendering.canvas import Image
from training.simulation.conditions import Conditions

SLACK = 96
"""A frame's noise is cut at random out of a field this many pixels larger: much faster than new noise."""
STEP_EVERY = 20.0
"""Seconds between sudden changes of light."""


@dataclass(frozen=True)
class CameraEffects:
    """The effects of a scene's camera; the same seed gives the same effects."""

    conditions: Conditions
    seed: int

    def arriving_frames(self, frames: int) -> list[int]:
        """Numbers of the frames that arrive; the first one always arrives."""
        lost = np.random.default_rng([self.seed, 1]).random(frames) < self.conditions.dropped
        lost[:1] = False
        return np.flatnonzero(~lost).tolist()

    def expose(self, image: Image, t: float, number: int) -> Image:
        """Frame ``number``, at ``t`` seconds, of a scene's picture (both uint8 RGB)."""
        blurred = cv2.GaussianBlur(image, (0, 0), self.conditions.blur) if self.conditions.blur else image
        lit = cv2.convertScaleAbs(blurred, alpha=self._light(t))
        if not self.conditions.noise:
            return np.asarray(lit, np.uint8)
        y, x = np.random.default_rng([self.seed, 2, number]).integers(0, SLACK, 2)
        height, width = image.shape[:2]
        return np.asarray(cv2.add(lit, self._noise[y : y + height, x : x + width], dtype=cv2.CV_8U), np.uint8)

    def _light(self, t: float) -> float:
        flicker = self.conditions.flicker
        slow = np.sin(2 * np.pi * (t / 13.0 + self._phase)) + 0.5 * np.sin(2 * np.pi * t / 4.1)
        step = np.random.default_rng([self.seed, 3, int(t / STEP_EVERY)]).uniform(-1, 1)
        return float(self.conditions.light * (1 + flicker * (0.5 * slow / 1.5 + 0.5 * step)))

    @cached_property
    def _phase(self) -> float:
        return float(np.random.default_rng([self.seed, 4]).random())

    @cached_property
    def _noise(self) -> NDArray[np.int16]:
        shape = (self.conditions.height + SLACK, self.conditions.width + SLACK, 3)
        rng = np.random.default_rng([self.seed, 5])
        return np.rint(self.conditions.noise * rng.standard_normal(shape, np.float32)).astype(np.int16)
