"""Face crops in the form of the networks' input."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edge.cameras.frame import Image
from edge.vision.alignment import crop_aligned


def network_input(faces: Iterable[Image], size: int) -> np.ndarray:
    """Aligned faces (uint8 RGB, any size), scaled by the agent's own code to float32 (n, size, size, 3) in 0..1."""
    return np.stack([crop_aligned(face, size) for face in faces]).astype(np.float32) / 255
