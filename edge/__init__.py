"""Counts patrons at a door and estimates their apparent age and gender; no image leaves the device.

>>> from edge import FaceAnalyzer, count
>>> faces = FaceAnalyzer("mobile")(picture)     # uint8 BGR (height, width, 3) -> boxes, scores, apparent ages, genders
>>> visits = count("clip.mp4")                  # a recording -> who was in view, from when to when

Everything in ``__all__`` is the public API; docs/python-api.md explains it with examples. Each name is imported when it
is first used: ``import edge`` alone loads neither OpenCV nor numpy.

This package is all that runs on the device. It imports nothing from convert, training or cloud, and never TensorFlow.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.api import count
    from edge.cameras.camera import Camera
    from edge.cameras.frame import Frame
    from edge.cameras.open import open_camera
    from edge.config.settings import Settings
    from edge.counting.pipeline import Pipeline
    from edge.counting.visit import Visit
    from edge.tracking.tracker import Tracker
    from edge.vision.analyze import FaceAnalyzer
    from edge.vision.bundle import load_bundle

# Before anything imports OpenCV, which reads it once: a photo of a few kilobytes may claim to be of many gigabytes when
# unpacked. 134 megapixels are more than any phone's camera has, and 400 MB.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 27))

__all__ = [
    "Camera",
    "FaceAnalyzer",
    "Frame",
    "Pipeline",
    "Settings",
    "Tracker",
    "Visit",
    "count",
    "load_bundle",
    "open_camera",
]

_MODULES = {
    "Camera": "edge.cameras.camera",
    "FaceAnalyzer": "edge.vision.analyze",
    "Frame": "edge.cameras.frame",
    "Pipeline": "edge.counting.pipeline",
    "Settings": "edge.config.settings",
    "Tracker": "edge.tracking.tracker",
    "Visit": "edge.counting.visit",
    "count": "edge.api",
    "load_bundle": "edge.vision.bundle",
    "open_camera": "edge.cameras.open",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'edge' has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
