"""One contract, held against every kind of camera.

Video files, GIF, folder, HTTP and RTSP are the real thing: files written here and servers on loopback. V4L2 runs where
the machine has a /dev/video*. picamera2 runs against the real package where that finds a camera, and elsewhere against
a stand-in that behaves as the package documents; the stand-in proves the adapter, not the hardware.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.cameras import Camera, CameraError, open_camera
from edge.errors import BadInput


@dataclass(frozen=True)
class Source:
    """A camera to test: how it is named, one that is not there, and for a recording how many frames it has."""

    uri: str
    missing: str
    frames: int | None = None

    @property
    def live(self) -> bool:
        return self.frames is None


def mp4(request: pytest.FixtureRequest) -> Source:
    path = request.getfixturevalue("write_video")("clip.mp4", "mp4v")
    return Source(str(path), str(path.with_name("gone.mp4")), frames=10)


def avi(request: pytest.FixtureRequest) -> Source:
    path = request.getfixturevalue("write_video")("clip.avi", "MJPG", frames=7)
    return Source(str(path), str(path.with_name("gone.avi")), frames=7)


def gif(request: pytest.FixtureRequest) -> Source:
    path = request.getfixturevalue("gif")
    return Source(str(path), str(path.with_name("gone.gif")), frames=4)


def folder(request: pytest.FixtureRequest) -> Source:
    path = request.getfixturevalue("folder")
    return Source(str(path), str(path.with_name("gone")), frames=5)


def http(request: pytest.FixtureRequest) -> Source:
    server = request.getfixturevalue("mjpeg_server")
    return Source(f"http://{server.netloc}/stream", f"http://{server.netloc}/gone")


def rtsp(request: pytest.FixtureRequest) -> Source:
    netloc = request.getfixturevalue("rtsp_server")
    return Source(f"rtsp://{netloc}/door", f"rtsp://{netloc}/gone")


def v4l2(request: pytest.FixtureRequest) -> Source:
    devices = sorted(Path("/dev").glob("video*"))
    if not devices:
        pytest.skip("no V4L2 camera on this machine (/dev/video*)")
    return Source(f"v4l2:{devices[0]}", "v4l2:/dev/video9999")


def picamera2(request: pytest.FixtureRequest) -> Source:
    request.getfixturevalue("picamera2_package")
    return Source("picamera2:", "picamera2:7")


RECORDINGS: list[Callable[[pytest.FixtureRequest], Source]] = [mp4, avi, gif, folder]
LIVE: list[Callable[[pytest.FixtureRequest], Source]] = [http, rtsp, v4l2, picamera2]


@pytest.fixture(params=[*RECORDINGS, *LIVE], ids=lambda builder: builder.__name__)
def source(request: pytest.FixtureRequest) -> Source:
    return request.param(request)


@pytest.fixture(params=RECORDINGS, ids=lambda builder: builder.__name__)
def recording(request: pytest.FixtureRequest) -> Source:
    return request.param(request)


def some(camera: Camera) -> list:
    return list(itertools.islice(camera, 4))


def test_frames_are_contiguous_8_bit_bgr(source: Source) -> None:
    with open_camera(source.uri) as camera:
        for frame in some(camera):
            assert frame.image.dtype == np.uint8
            assert frame.image.shape == (frame.size[1], frame.size[0], 3)
            assert frame.image.flags.c_contiguous


def test_time_stamps_rise_strictly_and_frames_are_numbered(source: Source) -> None:
    with open_camera(source.uri) as camera:
        frames = some(camera)
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert all(later.time_s > earlier.time_s for earlier, later in itertools.pairwise(frames))


def test_time_starts_at_0_for_a_recording_and_is_the_monotonic_clock_for_a_live_camera(source: Source) -> None:
    before = time.monotonic()
    with open_camera(source.uri) as camera:
        frame = camera.read()
    assert camera.live == source.live
    if source.live:
        assert before <= frame.time_s <= time.monotonic()
    else:
        assert frame.time_s == 0.0


def test_a_frame_survives_the_reading_of_the_next(source: Source) -> None:
    with open_camera(source.uri) as camera:
        first, second = camera.read(), camera.read()
    assert not np.shares_memory(first.image, second.image)


def test_a_recording_gives_every_frame_and_then_none(recording: Source) -> None:
    with open_camera(recording.uri) as camera:
        assert len(list(camera)) == recording.frames
        assert camera.read() is None
        assert camera.read() is None


def test_the_frame_rate_is_positive_or_unknown(source: Source) -> None:
    with open_camera(source.uri) as camera:
        assert camera.fps is None or 0 < camera.fps < 1000


def test_closing_twice_is_fine(source: Source) -> None:
    camera = open_camera(source.uri)
    camera.close()
    camera.close()


def test_reading_a_closed_camera_is_an_error_that_names_it(source: Source) -> None:
    with open_camera(source.uri) as camera:
        camera.read()
    with pytest.raises(CameraError, match="closed") as caught:
        camera.read()
    assert camera.name in str(caught.value)


def test_a_closed_camera_can_be_opened_again(source: Source) -> None:
    for _ in range(2):
        with open_camera(source.uri) as camera:
            assert camera.read() is not None


def test_a_missing_source_is_an_error_that_names_it(source: Source) -> None:
    with pytest.raises((BadInput, CameraError)) as caught:
        open_camera(source.missing)
    assert source.missing in str(caught.value)
