"""What OpenCV captures: USB cameras (V4L2), network streams and video files (FFmpeg)."""

from __future__ import annotations

import logging
import math
import os
import time
from pathlib import Path
from typing import cast

import cv2

from edge.cameras.camera import Camera, CameraError
from edge.cameras.frame import Image
from edge.errors import BadInput

log = logging.getLogger(__name__)

# Shorter than ReopenPolicy.stall_s: a read that times out closes its stream, an abandoned one does not.
TIMEOUT_MS = 8_000
FALLBACK_FPS = 25.0
MAX_GAP_S = 3600.0
LOG_LEVEL_ERROR = 2


def _capture(source: str, api: int, params: tuple[int, ...] = ()) -> cv2.VideoCapture:
    # FFmpeg and OpenCV write to stderr about every file that they refuse; the errors raised here are clearer. FFmpeg
    # reads this variable when the first capture is made. If it is set already, it is left as it is.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 4 has the function at its top level, OpenCV 5 in a submodule.
        set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
        set_level(LOG_LEVEL_ERROR)
    return cv2.VideoCapture(source, api, params)


def _frame_rate(capture: cv2.VideoCapture) -> float | None:
    # A container without a rate gives 0, NaN, or the ticks of its clock (90000).
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if math.isfinite(fps) and 0 < fps <= 240 else None


class _LiveCapture(Camera):
    """A live source that OpenCV has open."""

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        super().__init__(name, live=True, fps=_frame_rate(capture))
        self._capture = capture

    def _grab(self) -> tuple[Image, float]:
        grabbed = self._capture.grab()
        time_s = time.monotonic()  # before decoding, which takes some time
        ok, image = self._capture.retrieve() if grabbed else (False, None)
        if not ok or image is None:
            raise CameraError(f"{self.name}: the camera stopped delivering frames")
        return cast(Image, image), time_s

    def _release(self) -> None:
        self._capture.release()


class UsbCamera(_LiveCapture):
    """A camera behind a V4L2 device, such as /dev/video0.

    Raises:
        CameraError: the device is missing, this user has no right to it, or it is not a camera.
    """

    def __init__(self, device: str, *, size: tuple[int, int], fps: float) -> None:
        name = f"v4l2:{device}"
        if not Path(device).exists():
            present = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "none"
            raise CameraError(f"{name}: no such device; plug the camera in. Video devices present: {present}")
        if not os.access(device, os.R_OK | os.W_OK):
            raise CameraError(f"{name}: permission denied; add the user to the group 'video'")
        capture = _capture(device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(f"{name} is not a camera, or another program is using it")
        # Motion JPEG first: over USB 2, raw pictures of this size arrive at 10 frames per second or fewer.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        capture.set(cv2.CAP_PROP_FPS, fps)
        super().__init__(name, capture)


class NetworkStream(_LiveCapture):
    """An RTSP stream, or Motion JPEG over HTTP.

    Args:
        url: address, with the credentials that it needs.
        name: the address without them.

    Raises:
        CameraError: there is no answer, the login is refused, or the answer is not a video.
    """

    def __init__(self, url: str, *, name: str) -> None:
        params = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT_MS)
        capture = _capture(url, cv2.CAP_FFMPEG, params)
        if not capture.isOpened():
            raise CameraError(f"{name}: no video stream answers; check address, user, password and network")
        super().__init__(name, capture)


class VideoFile(Camera):
    """A video file or an animated GIF as a recording, on its own time line from 0.

    Raises:
        BadInput: the file is empty or contains no picture that can be decoded.
    """

    def __init__(self, path: Path) -> None:
        if path.stat().st_size == 0:
            raise BadInput(f"{path} is empty (0 bytes): copy it again from where it came")
        # An absolute path, because FFmpeg reads the text before a colon as a protocol.
        self._capture = _capture(str(path.resolve()), cv2.CAP_FFMPEG)
        # The first picture is decoded here, so that a damaged file fails when it is opened, not later.
        self._first = self._decode()
        if self._first is None:
            self._capture.release()
            raise BadInput(f"{path} is not a video, or is damaged: no picture in it can be decoded")
        super().__init__(str(path), live=False, fps=_frame_rate(self._capture))
        self._expected = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._count = 0
        self._time_s = 0.0
        self._stamp_s = 0.0

    def _decode(self) -> Image | None:
        ok, image = self._capture.read()
        return cast(Image, image) if ok else None

    def _grab(self) -> tuple[Image, float] | None:
        image, self._first = (self._first, None) if self._first is not None else (self._decode(), None)
        if image is None:
            self._report_truncation()
            return None
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if self._count > 0:
            # The container's times keep the rhythm of a GIF or the variable rate of a phone. Where they are missing,
            # repeated or jump, the nominal rate is used.
            step_s = stamp_s - self._stamp_s
            self._time_s += step_s if 0 < step_s < MAX_GAP_S else 1.0 / (self.fps or FALLBACK_FPS)
        self._stamp_s = stamp_s
        self._count += 1
        return image, self._time_s

    def _report_truncation(self) -> None:
        if self._count < 0.9 * self._expected:
            log.warning(
                "%s: only %d of about %d frames could be decoded; the file may be damaged",
                self.name,
                self._count,
                self._expected,
            )
            self._expected = 0  # report it once

    def _release(self) -> None:
        self._first = None
        self._capture.release()
