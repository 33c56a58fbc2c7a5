"""From the name of a camera to the camera."""

from __future__ import annotations

import re
from os import PathLike, fspath
from pathlib import Path
from urllib.parse import urlsplit

from edge.cameras.camera import Camera
from edge.errors import BadInput
from edge.system.redaction import shown

FORMS = """Name a camera in one of these ways:
  picamera2: or picamera2:1     the Pi's own camera, by number
  v4l2:/dev/video0              a USB camera
  rtsp://user:password@host/…   a network camera; http(s):// for an MJPEG stream
  clip.mp4                      a video file (mp4, avi, mkv, GIF, …)
  frames/                       a folder of images, in the order of their names"""


def open_camera(uri: str | PathLike[str], *, size: tuple[int, int] = (1280, 720), fps: float = 15.0) -> Camera:
    """Open the camera that `uri` names.

    Args:
        uri: one of `FORMS`; a path object does as well for a file or a folder.
        size: width and height to ask a live device for, in pixels. Streams and recordings keep their own.
        fps: frames per second to ask a live device for; also the rate at which a folder's images follow each other.
            Streams and video files keep their own.

    Returns:
        The open camera; close it, or use it in a `with` statement.

    Raises:
        BadInput: the name is of no known form, or the file or folder cannot be used.
        CameraError: the device or the stream does not answer now.
    """
    if not isinstance(uri, (str, PathLike)):
        raise BadInput(f"{uri!r} names no camera. {FORMS}")
    uri = fspath(uri)
    kind, colon, rest = uri.partition(":")
    # Each source is imported on its own, so that a missing package only matters to those who use it.
    if colon and kind == "picamera2":
        if rest and not rest.isdecimal():
            raise BadInput(f"{uri}: a Pi camera is named by its number, as in picamera2:0")
        from edge.cameras.picamera2 import PiCamera

        return PiCamera(int(rest or 0), size=size, fps=fps)
    if colon and kind == "v4l2":
        if not rest.startswith("/"):
            raise BadInput(f"{uri}: a USB camera is named by its device, as in v4l2:/dev/video0")
        from edge.cameras.opencv import UsbCamera

        return UsbCamera(rest, size=size, fps=fps)
    if re.match(r"(rtsps?|https?)://", uri):
        return _open_stream(uri)
    return _open_path(uri, fps)


def _open_stream(url: str) -> Camera:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise BadInput(f"{shown(url)}: the address has no host. {FORMS}")
    from edge.cameras.opencv import NetworkStream

    return NetworkStream(url, name=shown(url))


def _open_path(text: str, fps: float) -> Camera:
    if not text:
        raise BadInput(f"No camera is named. {FORMS}")
    path = Path(text).expanduser()
    if path.is_dir():
        from edge.cameras.folder import ImageFolder

        return ImageFolder(path, fps=fps)
    if path.is_char_device():
        raise BadInput(f"{text} is a device, not a recording: write v4l2:{text}")
    if path.is_file():
        from edge.cameras.opencv import VideoFile

        return VideoFile(path)
    what = "unknown kind of camera" if re.match(r"[A-Za-z][\w+.-]+:", text) else "no such file or folder"
    raise BadInput(f"{shown(text)}: {what}. {FORMS}")
