"""Real sources for the camera tests: files, an HTTP and an RTSP server on loopback, and a stand-in for picamera2."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT = 64, 48


def grey(level: int) -> np.ndarray:
    """A picture of one level of grey, uint8 BGR (48, 64, 3)."""
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip whose pictures get lighter by 20 from frame to frame (and start over at 256)."""

    def write(name: str, codec: str, *, frames: int = 10, fps: float = 10.0) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (WIDTH, HEIGHT))
        assert writer.isOpened()
        for index in range(frames):
            writer.write(grey(20 * index % 256))
        writer.release()
        return path

    return write


@pytest.fixture
def gif(tmp_path: Path) -> Path:
    """Four pictures, shown for 100, 200, 50 and 300 ms."""
    if not hasattr(cv2, "imwriteanimation"):
        pytest.skip("this OpenCV cannot write a GIF")
    animation = cv2.Animation()
    animation.frames = [np.dstack([grey(60 * index), np.full((HEIGHT, WIDTH), 255, np.uint8)]) for index in range(4)]
    animation.durations = np.array([100, 200, 50, 300])
    path = tmp_path / "clip.gif"
    assert cv2.imwriteanimation(str(path), animation)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images; their names' order is not the order in which they were written."""
    path = tmp_path / "frames"
    path.mkdir()
    for index in (3, 0, 4, 1, 2):
        cv2.imwrite(str(path / f"{index:03}.png"), grey(50 * index))
    return path


class MjpegServer(ThreadingHTTPServer):
    """Motion JPEG on loopback: /stream for ever, /five hangs up after five pictures, /locked wants a password."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MjpegHandler)
        self.stopping = threading.Event()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class MjpegHandler(BaseHTTPRequestHandler):
    server: MjpegServer

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(b"door:s3cret").decode()
        if self.path == "/locked" and self.headers["Authorization"] != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        if self.path not in ("/stream", "/five", "/locked"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        sent = 0
        while not self.server.stopping.wait(0.01) and not (self.path == "/five" and sent == 5):
            jpeg = cv2.imencode(".jpg", grey(sent % 250))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            try:
                self.wfile.write(head + jpeg + b"\r\n")
            except OSError:
                return
            sent += 1

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mjpeg_server() -> Iterator[MjpegServer]:
    server = MjpegServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.stopping.set()
    server.shutdown()
    server.server_close()


RTSP_SERVER = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
for element in ("videotestsrc", "jpegenc", "rtpjpegpay"):
    assert Gst.ElementFactory.find(element), element
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_shared(True)
factory.set_launch("( videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=25/1"
                   " ! jpegenc ! rtpjpegpay name=pay0 pt=26 )")
server.get_mount_points().add_factory("/door", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@pytest.fixture(scope="session")
def rtsp_server() -> Iterator[str]:
    """Address of a GStreamer RTSP server, run by the system's Python because that is where its bindings live."""
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("needs the system's Python with gst-rtsp-server")
    process = subprocess.Popen(
        [python, "-c", RTSP_SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    if not port:
        process.wait()
        pytest.skip(
            "no RTSP server: apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base "
            "gstreamer1.0-plugins-good"
        )
    yield f"127.0.0.1:{port}"
    process.kill()
    process.communicate()


class SensorFormat:
    """Like picamera2's: an object whose text is the name of the format."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name


def sensor_mode(size: tuple[int, int], crop: tuple[int, int, int, int], bits: int = 10) -> dict[str, object]:
    return {
        "format": SensorFormat(f"SRGGB{bits}_CSI2P"),
        "unpacked": f"SRGGB{bits}",
        "bit_depth": bits,
        "size": size,
        "fps": 40.0,
        "crop_limits": crop,
        "exposure_limits": (75, 11766829),
    }


# As the camera module 2 reports them.
IMX219 = [
    sensor_mode(size, crop, bits)
    for bits in (8, 10)
    for size, crop in (
        ((640, 480), (1000, 752, 1280, 960)),
        ((1640, 1232), (0, 0, 3280, 2464)),
        ((1920, 1080), (680, 692, 1920, 1080)),
        ((3280, 2464), (0, 0, 3280, 2464)),
    )
]


class StandInRequest:
    """A completed request: holds one of the camera's buffers until it is released."""

    def __init__(self, camera: StandInPicamera2) -> None:
        self._camera = camera
        self._released = False

    def make_array(self, name: str) -> np.ndarray:
        if name not in self._camera.config or self._camera.fail_array:
            raise RuntimeError(f"Stream {name!r} is not defined")
        width, height = self._camera.config[name]["size"]
        # The real one cuts the padding of each line off and so gives a view now and then.
        padded = np.zeros((height, width * 3 + 32), np.uint8)
        padded[:, 0 : width * 3 : 3] = 255  # blue comes first in memory
        return padded[:, : width * 3].reshape(height, width, 3)

    def get_metadata(self) -> dict[str, int]:
        stamp = {"SensorTimestamp": time.monotonic_ns()} if self._camera.has_timestamp else {}
        return {"ExposureTime": 10000, **stamp}

    def release(self) -> None:
        if self._released:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._released = True
        self._camera.held -= 1


class StandInPicamera2:
    """Does what picamera2's manual and source say its class of that name does, for one camera module 2."""

    cameras = 1
    modes: list[dict[str, object]] = IMX219
    has_timestamp = True
    fail_array = False
    cable_loose = False
    forced_format: str | None = None
    opened: ClassVar[list[StandInPicamera2]] = []

    def __init__(self, camera_num: int = 0) -> None:
        if any(not other.closed for other in self.opened):
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.global_camera_info()[camera_num]
        self.closed = self.started = self.flushed = False
        self.config: dict[str, dict] = {}
        self.held = 0
        self.opened.append(self)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, object]]:
        return [{"Model": "imx219", "Location": 2, "Rotation": 180, "Id": "imx219@10", "Num": 0}][: cls.cameras]

    @property
    def sensor_modes(self) -> list[dict[str, object]]:
        assert not self.started, "reading the modes configures the camera"
        return self.modes

    @property
    def camera_controls(self) -> dict[str, tuple[int, int, int]]:
        return {"FrameDurationLimits": (11000, 11767556, 33333)} if "crop_limits" in self.modes[0] else {}

    def create_video_configuration(
        self, main=None, lores=None, raw=None, buffer_count=6, controls=None, queue=True, sensor=None
    ) -> dict:
        main, raw, controls, sensor = main or {}, raw or {}, controls or {}, sensor or {}
        assert set(main) | set(raw) <= {"format", "size", "stride", "preserve_ar"}
        assert set(sensor) <= {"bit_depth", "output_size"}
        assert set(controls) <= set(self.camera_controls), "a control the camera lacks is refused"
        width, height = main["size"]
        return {
            "main": {**main, "size": (width - width % 2, height - height % 2)},
            "raw": raw,
            "sensor": sensor,
            "buffer_count": buffer_count,
            "controls": controls,
            "queue": queue,
        }

    def configure(self, config: dict) -> None:
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        if "crop_limits" in self.modes[0]:
            wanted = (config["sensor"]["output_size"], config["sensor"]["bit_depth"])
            assert wanted in [(mode["size"], mode["bit_depth"]) for mode in self.modes]
            assert config["raw"]["size"] == wanted[0]
            assert type(config["raw"]["format"]) is str
        self.config = config
        if self.forced_format:
            config["main"]["format"] = self.forced_format

    def camera_configuration(self) -> dict:
        return self.config

    def start(self) -> None:
        if not self.config:
            raise RuntimeError("Camera has not been configured")
        self.started = True

    def capture_request(self, wait: float | bool | None = None) -> StandInRequest:
        if self.closed or not self.started:
            raise RuntimeError("Camera is not running")
        if self.cable_loose or self.held == self.config["buffer_count"]:
            assert isinstance(wait, float), "without a number of seconds this would wait for ever"
            raise TimeoutError
        self.held += 1
        return StandInRequest(self)

    def cancel_all_and_flush(self) -> None:
        self.flushed = True

    def close(self) -> None:
        assert self.flushed or not self.cable_loose, "closing would wait for the capture that timed out"
        self.started = False
        self.closed = True


@pytest.fixture
def picamera2_stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandInPicamera2]:
    """Puts the stand-in where `import picamera2` finds it; gives a class of this test's own, to be changed freely."""

    class Picamera2(StandInPicamera2):
        opened: ClassVar[list[StandInPicamera2]] = []

    module = types.ModuleType("picamera2")
    module.Picamera2 = Picamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return Picamera2


@pytest.fixture
def picamera2_package(request: pytest.FixtureRequest) -> None:
    """The real package where it is installed and finds a camera, the stand-in elsewhere."""
    try:
        from picamera2 import Picamera2

        if Picamera2.global_camera_info():
            return
    except (ImportError, RuntimeError):
        pass
    request.getfixturevalue("picamera2_stand_in")
