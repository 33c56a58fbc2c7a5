"""A network's outputs for many faces, computed once and cached; a killed run continues after the last chunk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge.system.atomic_files import replacement_of

log = logging.getLogger(__name__)
CHUNK = 512
"""Faces that are computed and written at once; a killed run loses at most one chunk."""


def cached_outputs(
    faces: np.ndarray, forward: Callable[[np.ndarray], np.ndarray], folder: Path, name: str
) -> np.ndarray:
    """``forward`` of faces uint8 (n, side, side, 3), float32 (n, …), cached in ``folder`` as ``NAME-START.npy``."""
    folder.mkdir(parents=True, exist_ok=True)
    began, parts = time.monotonic(), []
    for start in range(0, len(faces), CHUNK):
        path = folder / f"{name}-{start:06d}.npy"
        if not path.exists():
            with replacement_of(path) as new, new.open("wb") as file:
                np.save(file, forward(faces[start : start + CHUNK]))
            log.info("%s: %d of %d, %.0f s", name, min(start + CHUNK, len(faces)), len(faces), time.monotonic() - began)
        parts.append(np.load(path))
    return np.concatenate(parts)
