"""The Pi's own camera, through Raspberry Pi's picamera2 package."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from edge.cameras.camera import Camera, CameraError
from edge.cameras.frame import Image

log = logging.getLogger(__name__)

# A frame takes a tenth of a second; with a loose cable none ever arrives. Without a limit the read would hang for ever
# and the camera could not be opened again.
TIMEOUT_S = 5.0
BUFFERS = 4


class PiCamera(Camera):
    """A camera on the ribbon cable, with the sensor's whole field of view.

    By itself, libcamera chooses a sensor mode by size, and may choose one that reads only the middle of the sensor. The
    camera would then see only a part of the door. So a mode that covers the whole sensor is set.

    Args:
        number: number of the camera, from 0.
        size: width and height of the frames, in pixels.
        fps: frames per second.

    Raises:
        CameraError: picamera2 is not installed, there is no such camera, or it is in use.
    """

    def __init__(self, number: int, *, size: tuple[int, int], fps: float) -> None:
        super().__init__(f"picamera2:{number}", live=True, fps=fps)
        package = self._import()
        found = len(package.global_camera_info())
        if number >= found:
            raise CameraError(
                f"{self.name}: no such camera; {found} found. Check the ribbon cable at both ends (power off), then "
                "list cameras with `rpicam-hello --list-cameras`. For a USB camera use v4l2:/dev/video0"
            )
        # picamera2 reports every failure of libcamera, from a busy camera to a lack of memory, as a RuntimeError.
        try:
            self._device = package(number)
        except (RuntimeError, OSError) as error:
            raise CameraError(f"{self.name} cannot be opened; is another program using it? ({error})") from error
        try:
            self._configure(size, fps)
            self._device.start()
        except Exception as error:
            self.close()
            raise CameraError(f"{self.name} cannot be started: {error}") from error

    def _import(self) -> Any:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise CameraError(
                f"{self.name}: Python's picamera2 package cannot be imported ({error}). Install it with "
                "`sudo apt install python3-picamera2` and make the environment with `python3 -m venv "
                "--system-site-packages`"
            ) from error
        return Picamera2

    def _configure(self, size: tuple[int, int], fps: float) -> None:
        request: dict[str, Any] = {
            "main": {"size": size, "format": "RGB888"},  # named for a register: in memory it is B, G, R
            "buffer_count": BUFFERS,
            "queue": False,  # the next frame from now on, never one that was captured before
        }
        if mode := full_field_mode(self._device.sensor_modes, size):
            # `sensor` sets the mode. A raw stream of that size is needed as well, or libcamera has too few buffers.
            request["sensor"] = {"output_size": mode["size"], "bit_depth": mode["bit_depth"]}
            request["raw"] = {"size": mode["size"], "format": str(mode["format"])}
            log.info("%s: sensor mode %s, field %s", self.name, mode["size"], mode["crop_limits"])
        if "FrameDurationLimits" in self._device.camera_controls:
            period_us = round(1e6 / fps)
            request["controls"] = {"FrameDurationLimits": (period_us, period_us)}
        self._device.configure(self._device.create_video_configuration(**request))
        if (format_ := self._device.camera_configuration()["main"]["format"]) != "RGB888":
            raise CameraError(f"the camera insists on {format_}; if it is a USB camera, use v4l2:/dev/video0")

    def _grab(self) -> tuple[Image, float]:
        try:
            request = self._device.capture_request(wait=TIMEOUT_S)
        except TimeoutError:
            raise CameraError(f"{self.name}: no frame for {TIMEOUT_S:.0f} s; check the ribbon cable") from None
        except RuntimeError as error:
            raise CameraError(f"{self.name}: {error}") from error
        # There are only a few buffers: one that is not returned stops the camera.
        try:
            image = request.make_array("main")
            stamp_ns = request.get_metadata().get("SensorTimestamp")
        finally:
            request.release()
        return cast(Image, image), time.monotonic() if stamp_ns is None else stamp_ns / 1e9

    def _release(self) -> None:
        # A capture that timed out is still queued, and closing would wait for it.
        if hasattr(self._device, "cancel_all_and_flush"):  # since 0.3.19
            self._device.cancel_all_and_flush()
        self._device.close()


def full_field_mode(modes: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> Mapping[str, Any] | None:
    """Choose the smallest sensor mode that covers the whole sensor.

    Args:
        modes: picamera2's `sensor_modes`: `size` (w, h) in pixels, `crop_limits` (x, y, w, h) on the pixel array,
            `bit_depth`; a camera that is not a raw sensor lists modes without these.
        size: width and height of the frames to be captured, in pixels.

    Returns:
        Of the modes with the largest field of view: the smallest one that is not smaller than `size`, otherwise the
        largest; of two of the same size, the one with more bits. None if no mode says what its field is.
    """
    known = [mode for mode in modes if "crop_limits" in mode]
    if not known:
        return None

    def field(mode: Mapping[str, Any]) -> int:
        return int(mode["crop_limits"][2] * mode["crop_limits"][3])

    def pixels(mode: Mapping[str, Any]) -> int:
        return int(mode["size"][0] * mode["size"][1])

    widest = max(map(field, known))
    full = [mode for mode in known if field(mode) == widest]
    enough = [mode for mode in full if mode["size"][0] >= size[0] and mode["size"][1] >= size[1]]
    if enough:
        return min(enough, key=lambda mode: (pixels(mode), -mode["bit_depth"]))
    return max(full, key=lambda mode: (pixels(mode), mode["bit_depth"]))
