"""The adapter for picamera2, against a stand-in that behaves as the package documents (see conftest.py)."""

from __future__ import annotations

import sys

import pytest
from numpy.testing import assert_array_equal

from edge.cameras import CameraError, open_camera
from edge.cameras.picamera2 import full_field_mode


def mode(size, crop, bits=10):
    return {"size": size, "crop_limits": crop, "bit_depth": bits, "format": f"SRGGB{bits}"}


MODULE_1 = [
    mode((640, 480), (16, 0, 2560, 1920)),
    mode((1296, 972), (0, 0, 2592, 1944)),
    mode((1920, 1080), (348, 434, 1928, 1080)),
    mode((2592, 1944), (0, 0, 2592, 1944)),
]
MODULE_2 = [
    mode(size, crop, bits)
    for bits in (8, 10)
    for size, crop in (
        ((640, 480), (1000, 752, 1280, 960)),
        ((1640, 1232), (0, 0, 3280, 2464)),
        ((1920, 1080), (680, 692, 1920, 1080)),
        ((3280, 2464), (0, 0, 3280, 2464)),
    )
]
MODULE_3 = [
    mode((1536, 864), (768, 432, 3072, 1728)),
    mode((2304, 1296), (0, 0, 4608, 2592)),
    mode((4608, 2592), (0, 0, 4608, 2592)),
]
HQ = [
    mode((1332, 990), (696, 528, 2664, 1980)),
    mode((2028, 1080), (0, 440, 4056, 2160), 12),
    mode((2028, 1520), (0, 0, 4056, 3040), 12),
    mode((4056, 3040), (0, 0, 4056, 3040), 12),
]

CHOICES = {
    "module 1: not the cropped 640x480": (MODULE_1, (640, 480), (1296, 972), 10),
    "module 2: not the keyhole of 1920x1080": (MODULE_2, (1280, 720), (1640, 1232), 10),
    "module 2: more than half size takes all pixels": (MODULE_2, (1920, 1080), (3280, 2464), 10),
    "module 3: not the fast crop": (MODULE_3, (1280, 720), (2304, 1296), 10),
    "HQ: not the one cut at top and bottom": (HQ, (1280, 720), (2028, 1520), 12),
    "larger than the sensor: the largest": (MODULE_3, (6000, 4000), (4608, 2592), 10),
}


@pytest.mark.parametrize(("modes", "wanted", "size", "bits"), CHOICES.values(), ids=CHOICES)
def test_the_cheapest_mode_with_the_whole_field_is_chosen(modes, wanted, size, bits) -> None:
    chosen = full_field_mode(modes, wanted)
    assert (chosen["size"], chosen["bit_depth"]) == (size, bits)


def test_a_camera_without_raw_modes_gets_none() -> None:
    assert full_field_mode([{"format": "MJPEG"}, {"format": "YUYV"}], (1280, 720)) is None


def test_the_camera_is_configured_for_bgr_the_rate_and_the_pinned_mode(picamera2_stand_in) -> None:
    with open_camera("picamera2:0", size=(1280, 720), fps=10.0) as camera:
        config = picamera2_stand_in.opened[0].config
        assert config["main"] == {"size": (1280, 720), "format": "RGB888"}
        assert config["sensor"] == {"output_size": (1640, 1232), "bit_depth": 10}
        assert config["raw"] == {"size": (1640, 1232), "format": "SRGGB10_CSI2P"}
        assert config["controls"] == {"FrameDurationLimits": (100_000, 100_000)}
        assert config["queue"] is False
        assert_array_equal(camera.read().image[0, 0], [255, 0, 0])


def test_every_buffer_is_given_back(picamera2_stand_in) -> None:
    with open_camera("picamera2:") as camera:
        for _ in range(20):
            camera.read()
        assert picamera2_stand_in.opened[0].held == 0


def test_a_buffer_is_given_back_when_its_picture_cannot_be_had(picamera2_stand_in) -> None:
    with open_camera("picamera2:") as camera:
        picamera2_stand_in.fail_array = True
        with pytest.raises(RuntimeError):
            camera.read()
        assert picamera2_stand_in.opened[0].held == 0


def test_without_a_sensor_time_stamp_the_clock_serves(picamera2_stand_in) -> None:
    picamera2_stand_in.has_timestamp = False
    with open_camera("picamera2:") as camera:
        assert camera.read().time_s < camera.read().time_s


def test_a_loose_cable_is_an_error_and_the_camera_can_be_opened_again(picamera2_stand_in) -> None:
    camera = open_camera("picamera2:")
    picamera2_stand_in.cable_loose = True
    with pytest.raises(CameraError, match="picamera2:0: no frame for 5 s; check the ribbon cable"):
        camera.read()
    camera.close()
    picamera2_stand_in.cable_loose = False
    with open_camera("picamera2:") as again:
        assert again.read() is not None


def test_a_camera_in_use_is_an_error_that_says_so(picamera2_stand_in) -> None:
    with open_camera("picamera2:"), pytest.raises(CameraError, match="is another program using it"):
        open_camera("picamera2:")


def test_no_camera_found_is_an_error_with_a_way_out(picamera2_stand_in) -> None:
    picamera2_stand_in.cameras = 0
    with pytest.raises(CameraError, match=r"picamera2:0: no such camera; 0 found.*rpicam-hello"):
        open_camera("picamera2:")


def test_a_usb_camera_seen_by_picamera2_needs_no_sensor_mode(picamera2_stand_in) -> None:
    picamera2_stand_in.modes = [{"format": "MJPEG"}]
    with open_camera("picamera2:") as camera:
        assert camera.read() is not None


def test_a_camera_that_gives_another_format_is_closed_and_refused(picamera2_stand_in) -> None:
    picamera2_stand_in.modes = [{"format": "MJPEG"}]
    picamera2_stand_in.forced_format = "MJPEG"
    with pytest.raises(CameraError, match=r"insists on MJPEG.*v4l2:/dev/video0"):
        open_camera("picamera2:")
    assert picamera2_stand_in.opened[0].closed


def test_a_missing_package_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match=r"sudo apt install python3-picamera2.*--system-site-packages"):
        open_camera("picamera2:")
