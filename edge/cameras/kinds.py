"""The kinds of camera that come with maitred, registered as any plug-in's are.

Each opener imports its own module, so that a missing package only matters to those who use it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from edge.cameras.camera import Camera
from edge.cameras.registry import CameraKind
from edge.errors import BadInput
from edge.system.redaction import without_secrets

NO_HOST = "the address has no host"


def _open_pi_camera(source: str, *, size: tuple[int, int], fps: float) -> Camera:
    from edge.cameras.picamera2 import PiCamera

    return PiCamera(int(source.partition(":")[2] or 0), size=size, fps=fps)


def _open_usb_camera(source: str, *, size: tuple[int, int], fps: float) -> Camera:
    from edge.cameras.opencv import UsbCamera

    return UsbCamera(source.partition(":")[2], size=size, fps=fps)


def _open_stream(source: str, *, size: tuple[int, int], fps: float) -> Camera:  # noqa: ARG001 (it has its own)
    try:
        host = urlsplit(source).hostname
    except ValueError:
        host = None
    if not host:
        raise BadInput(f"{without_secrets(source)}: {NO_HOST}")
    from edge.cameras.opencv import NetworkStream

    return NetworkStream(source, name=without_secrets(source))


def _open_video(source: str, *, size: tuple[int, int], fps: float) -> Camera:  # noqa: ARG001 (it has its own)
    from edge.cameras.opencv import VideoFile

    return VideoFile(Path(source).expanduser())


def _open_folder(source: str, *, size: tuple[int, int], fps: float) -> Camera:  # noqa: ARG001 (each image has its own)
    from edge.cameras.folder import ImageFolder

    return ImageFolder(Path(source).expanduser(), fps=fps)


USB_CAMERA = CameraKind(
    pattern=r"v4l2:/.+",
    open=_open_usb_camera,
    example="v4l2:/dev/video0",
    help="a USB camera",
    rule="a USB camera is named by its device, as in v4l2:/dev/video0",
)
NETWORK_STREAM = CameraKind(
    pattern=r"(rtsps?|https?)://[^/].*",
    open=_open_stream,
    example="rtsp://user:password@host/…",
    help="a network camera; http(s):// for an MJPEG stream",
    rule=NO_HOST,
)
PI_CAMERA = CameraKind(
    pattern=r"picamera2:[0-9]*",
    open=_open_pi_camera,
    example="picamera2: or picamera2:1",
    help="the Pi's own camera, by number",
    rule="a Pi camera is named by its number, as in picamera2:0",
)
VIDEO_FILE = CameraKind(
    pattern=r"(?s).+",
    open=_open_video,
    example="clip.mp4",
    help="a video file (mp4, avi, mkv, GIF, …)",
    live=False,
    finds=Path.is_file,
)
IMAGE_FOLDER = CameraKind(
    pattern=r"(?s).+",
    open=_open_folder,
    example="frames/",
    help="a folder of images, in the order of their names",
    live=False,
    finds=Path.is_dir,
)
