"""What is special to one kind of source; what all have in common is in test_contract.py."""

from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import CameraError, open_camera
from edge.cameras.registry import forms
from edge.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]

UNKNOWN = {
    "nothing": ("", "No camera is named"),
    "a scheme nobody knows": ("usb:0", "usb:0: unknown kind of camera"),
    "a path that is not there": ("/no/such/clip.mp4", "no such file or folder"),
    "a Pi camera by letter": ("picamera2:front", "named by its number"),
    "a USB camera by number": ("v4l2:0", "named by its device"),
    "a stream without a host": ("rtsp:///door", "has no host"),
    "a stream with a broken host": ("http://[::1/door", "has no host"),
    "a device without v4l2:": ("/dev/null", "write v4l2:/dev/null"),
}


@pytest.mark.parametrize(("uri", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_name_of_no_known_form_is_refused(uri: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        open_camera(uri)


def test_the_refusal_lists_the_accepted_forms() -> None:
    with pytest.raises(BadInput) as caught:
        open_camera("usb:0")
    for form in ("picamera2:1", "v4l2:/dev/video0", "rtsp://", "http(s)://", "clip.mp4", "frames/"):
        assert form in str(caught.value)


def test_a_failing_stream_leaks_no_password(capfd: pytest.CaptureFixture[str], mjpeg_server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed_port = unused.getsockname()[1]
    urls = [
        f"{scheme}://door:s3cret@{netloc}/gone?pwd=s3cret"
        for scheme, netloc in (("http", mjpeg_server.netloc), ("rtsp", f"127.0.0.1:{closed_port}"))
    ]
    for url in urls:
        with pytest.raises(CameraError, match="no video stream answers") as caught:
            open_camera(url)
        assert "s3cret" not in str(caught.value)
    output = capfd.readouterr()
    assert "s3cret" not in output.out + output.err


def test_a_stream_behind_a_password_is_opened_with_it(mjpeg_server) -> None:
    with open_camera(f"http://door:s3cret@{mjpeg_server.netloc}/locked") as camera:
        assert camera.read() is not None
        assert camera.name == f"http://***@{mjpeg_server.netloc}/locked"
    with pytest.raises(CameraError):
        open_camera(f"http://door:wrong@{mjpeg_server.netloc}/locked")


def test_a_stream_that_hangs_up_is_an_error_not_an_end(mjpeg_server) -> None:
    with (
        open_camera(f"http://{mjpeg_server.netloc}/five") as camera,
        pytest.raises(CameraError, match="stopped delivering frames"),
    ):
        for _ in range(6):
            assert camera.read() is not None


def test_a_missing_usb_camera_is_an_error_that_may_pass() -> None:
    with pytest.raises(CameraError, match="plug the camera in"):
        open_camera("v4l2:/dev/video9999")


def test_a_device_that_is_no_camera_is_refused() -> None:
    with pytest.raises(CameraError, match="v4l2:/dev/null is not a camera"):
        open_camera("v4l2:/dev/null")


def mean_levels(uri: Path) -> list[int]:
    with open_camera(str(uri)) as camera:
        return [round(float(frame.image.mean())) for frame in camera]


def test_a_video_is_read_in_order_on_the_container_s_own_times(write_video: Callable[..., Path]) -> None:
    path = write_video("clip.avi", "MJPG", frames=5, fps=4.0)
    assert mean_levels(path) == pytest.approx([0, 20, 40, 60, 80], abs=2)
    with open_camera(str(path)) as camera:
        assert camera.fps == 4.0
        assert [frame.time_s for frame in camera] == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_a_gif_keeps_the_delays_of_its_frames(gif: Path) -> None:
    with open_camera(str(gif)) as camera:
        assert [frame.time_s for frame in camera] == pytest.approx([0, 0.1, 0.3, 0.35])


def test_a_video_without_times_gets_those_of_its_rate(tmp_path: Path) -> None:
    path = tmp_path / "clip.mjpeg"  # pictures one after the other, no container
    path.write_bytes(b"".join(cv2.imencode(".jpg", np.full((48, 64, 3), 9, np.uint8))[1].tobytes() for _ in range(4)))
    with open_camera(str(path)) as camera:
        assert [frame.time_s for frame in camera] == pytest.approx(
            [index / camera.fps for index in range(4)],
            abs=1e-3,  # the container counts in milliseconds or finer
        )


def test_a_file_name_with_a_colon_is_a_file(write_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video("tue:18h.avi", "MJPG", frames=2)
    monkeypatch.chdir(path.parent)
    assert len(mean_levels(Path(path.name))) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"no video " * 99, "not a video"), (b"\x00\x00\x00\x1cftypisom" + bytes(400), "not a video")],
    ids=["empty", "text", "only the beginning"],
)
def test_a_damaged_video_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as caught:
        open_camera(str(path))
    assert str(path) in str(caught.value)


def test_messages_of_ffmpeg_about_a_damaged_video_are_not_shown(tmp_path: Path) -> None:
    # In a process of its own: how much FFmpeg says is settled once, by whoever uses it first.
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00\x00\x00\x1cftypisom" + bytes(400))
    code = (
        "import sys; from edge.cameras import open_camera; from edge.errors import BadInput\n"
        "try: open_camera(sys.argv[1])\n"
        "except BadInput: print('refused')"
    )
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, cwd=ROOT)
    assert (run.stdout, run.stderr) == ("refused\n", "")


def test_a_video_that_breaks_off_is_read_as_far_as_it_goes_and_reported(
    write_video: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video("clip.avi", "MJPG", frames=60)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        frames = len(mean_levels(path))
    assert 0 < frames < 54
    assert f"only {frames} of about" in caplog.text
    assert str(path) in caplog.text


def test_a_folder_is_read_in_the_order_of_names_at_the_rate_asked_for(folder: Path) -> None:
    assert mean_levels(folder) == [0, 50, 100, 150, 200]
    with open_camera(str(folder), fps=4.0) as camera:
        assert camera.fps == 4.0
        assert [frame.time_s for frame in camera] == [0, 0.25, 0.5, 0.75, 1.0]


def test_an_unreadable_image_in_a_folder_is_reported_and_skipped(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "000.png").write_bytes(b"")
    (folder / "002.png").write_text("no picture")
    (folder / "labels.csv").write_text("file,age\n")
    (folder / "._001.png").write_bytes(b"left behind by another system")
    with caplog.at_level(logging.WARNING), open_camera(str(folder), fps=1.0) as camera:
        frames = list(camera)
    assert [int(frame.image.mean()) for frame in frames] == [50, 150, 200]
    assert [frame.time_s for frame in frames] == [0, 1, 2]
    skipped = [record.getMessage() for record in caplog.records]
    assert len(skipped) == 2
    assert "000.png is empty" in skipped[0]
    assert "002.png is not an image" in skipped[1]


@pytest.mark.parametrize("content", [None, b"no picture"], ids=["empty", "nothing readable"])
def test_a_folder_without_a_readable_image_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(BadInput, match="no image in this folder can be read") as caught:
        open_camera(str(tmp_path))
    assert str(tmp_path) in str(caught.value)


def test_images_of_a_folder_may_differ_in_size(folder: Path) -> None:
    cv2.imwrite(str(folder / "005.png"), np.zeros((20, 30, 3), np.uint8))
    with open_camera(str(folder)) as camera:
        assert [frame.size for frame in camera] == [(64, 48)] * 5 + [(30, 20)]


def test_the_documentation_names_every_form_the_program_accepts() -> None:
    text = (ROOT / "docs" / "cameras.md").read_text()
    written = [re.split(r"  +| or ", line.strip())[0] for line in forms().splitlines()[1:]]
    assert len(written) == 5
    for form in written:
        assert f"`{form.replace('…', 'path')}`" in text
