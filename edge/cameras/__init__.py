"""Where frames come from: a Pi camera, a USB camera, a network stream, a video file, a folder of images.

`open_camera(uri)` opens a `Camera`; `LatestFrame` keeps a live one running for ever; `Playback` plays a recording in
real time. A `CameraKind` adds a kind of camera: docs/extending.md. Frames stay in RAM: nothing in this package writes a
picture.
"""

from __future__ import annotations

from edge.cameras.camera import Camera, CameraError
from edge.cameras.frame import Frame, Image
from edge.cameras.latest import CameraState, CameraStatus, LatestFrame, ReopenPolicy
from edge.cameras.open import open_camera
from edge.cameras.playback import Playback
from edge.cameras.registry import CameraKind

__all__ = [
    "Camera",
    "CameraError",
    "CameraKind",
    "CameraState",
    "CameraStatus",
    "Frame",
    "Image",
    "LatestFrame",
    "Playback",
    "ReopenPolicy",
    "open_camera",
]
