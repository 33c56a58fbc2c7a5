"""The agent on a real recording, with real models and a real database."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from edge.agent import agent as agent_module
from edge.agent.agent import Agent
from edge.cameras import Camera, CameraError, Frame, Playback, open_camera
from edge.cli import main
from edge.config import Settings, parse_settings
from edge.config.camera import Camera as CameraSettings
from edge.counting.heatmap import COLUMNS
from edge.counting.pipeline import Pipeline
from edge.counting.visit import Visit
from edge.demo import CLIP, TRUTH
from edge.store import Health, Store, StoreError
from edge.system import clock
from tests.waiting import until

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Almost three seconds of the demo, in which its first patron comes near and leaves."""
    path = tmp_path_factory.mktemp("clip") / "patron.avi"
    end = round(15 * json.loads(TRUTH.read_text(encoding="utf-8"))["patrons"][0]["to_s"])
    with open_camera(str(CLIP)) as source:
        frames = [frame.image for frame, _ in zip(source, range(end), strict=False)][-42:]
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture
def settings(database: Path, clip: Path) -> Callable[..., Settings]:
    """Settings for the clip and the test's database, with other values if given: ``settings(camera={...})``."""

    def make(**sections: dict[str, object]) -> Settings:
        values = {"camera": {"source": str(clip)}, "store": {"path": database}}
        for name, changes in sections.items():
            values[name] = values.get(name, {}) | changes
        return parse_settings(values, "test")

    return make


@pytest.fixture
def notifications(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The messages that the agent sends to systemd, in the order of their arrival."""
    messages: list[str] = []
    over = threading.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(0.1)

        def listen() -> None:
            while True:
                try:
                    messages.append(channel.recv(4096).decode())
                except TimeoutError:
                    if over.is_set():
                        return

        listener = threading.Thread(target=listen)
        listener.start()
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setattr(agent_module, "HEARTBEAT_S", 0.2)
        yield messages
        over.set()
        listener.join()


def health(database: Path) -> Health | None:
    with Store.open(database, read_only=True) as store:
        return store.heartbeat.read()


def visits(database: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT * FROM visits ORDER BY id").fetchall()


def run_until(agent: Agent, condition: Callable[[], object]) -> None:
    """Run the agent in this thread. Another thread stops it as soon as the condition holds."""
    came: list[bool] = []

    def watch() -> None:
        try:
            until(condition)
            came.append(True)
        finally:
            agent.stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    agent.run()
    watcher.join()
    assert came == [True]


def test_a_recording_becomes_visits_with_the_present_time_of_day(settings, database: Path):
    before = time.time()
    Agent(settings()).run()
    after = time.time()

    stored = visits(database)
    assert stored
    for row in stored:
        assert before < row["started_at"] < row["ended_at"] < row["counted_at"] < after
        assert row["ended_at"] - row["started_at"] < 3
        assert row["observations"] >= settings().counting.confirm_hits
        assert row["age_low"] <= row["age"] <= row["age_high"]
        assert row["window_id"] is None


def test_of_visits_in_staff_hours_only_their_times_are_stored(settings, database: Path):
    """All hours of the day are staff hours, in two intervals, of which one lasts until midnight."""
    Agent(settings(entrance={"staff_hours": ["00:00-12:00", "12:00-00:00"]})).run()

    excluded = visits(database)
    assert excluded
    for row in excluded:
        assert row["excluded"] == 1
        assert {row[name] for name in ("age", "age_low", "age_high", "female_probability", "direction")} == {None}


def test_the_agent_stores_the_drawn_entrance_and_the_heatmap(settings, database: Path):
    with_line = settings(entrance={"line": [[0.3, 0.1], [0.3, 0.9]], "inside": "left"})
    Agent(with_line).run()

    with Store.open(database, read_only=True) as store:
        heatmap = store.entrance.read_heatmap()
        latest = store.entrance.latest_directions(with_line.entrance, 9)
        assert store.entrance.latest_directions(settings().entrance, 9) is None
    assert latest is not None
    assert heatmap is not None
    assert len(latest) == heatmap.visits == len(visits(database)) > 0
    assert (heatmap.width, heatmap.height) == (960, 540)
    assert sum(heatmap.began[COLUMNS * 6 :]) == 0  # the door is in the background, in the upper part of the frame


def test_the_heartbeat_describes_the_agent(settings, database: Path):
    before = time.time()
    Agent(settings()).run()

    seen = health(database)
    assert before < seen.started_at < seen.at < time.time()
    assert seen.camera == "ended"
    assert seen.camera_error is None
    assert seen.camera_source == settings().camera.source
    assert 0 < seen.frames <= 42
    assert seen.frames + seen.dropped <= 42
    assert seen.fps > 0
    assert seen.latency_ms > 0
    assert seen.memory_mb > 10
    assert seen.model.startswith("mobile ")
    assert seen.uplink == "off"


def test_a_window_left_open_is_closed_by_the_next_start(settings, database: Path):
    Agent(settings()).run()
    counted = len(visits(database))
    with closing(sqlite3.connect(database)) as connection, connection:  # as if the agent had ended a day ago
        for column in ("counted_at", "ended_at", "started_at"):
            connection.execute(f"UPDATE visits SET {column} = {column} - 86400")

    run_until(Agent(settings(camera={"source": "v4l2:/dev/video99"})), lambda: True)

    with Store.open(database, read_only=True) as store:
        (window,) = store.windows.between(0, time.time())
    assert window.visits == counted > 0
    assert window.end - window.start == 60 * settings().census.window_minutes
    assert window.end < time.time()
    assert {row["window_id"] for row in visits(database)} == {1}


def test_no_window_closes_while_the_time_is_unknown_unless_the_clock_is_trusted(
    settings, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "TIMESYNC", tmp_path)  # the service runs, but no time server has answered
    with Store.open(database) as store:
        yesterday = time.time() - 86400
        store.record([Visit(yesterday - 5, yesterday, 9, 30.0, (24.0, 37.0), 0.8)], yesterday)
    camera = {"source": "v4l2:/dev/video99"}

    run_until(Agent(settings(camera=camera)), lambda: health(database))
    assert health(database).clock == "unsynchronised"
    assert visits(database)[0]["window_id"] is None

    run_until(Agent(settings(camera=camera, site={"trust_clock": True})), lambda: visits(database)[0]["window_id"])
    assert visits(database)[0]["window_id"] is not None


def test_counting_goes_on_if_a_damaged_database_cannot_be_replaced_at_once(
    settings, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    secret = tmp_path / "uplink.secret"
    secret.write_text("whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM=")
    secret.chmod(0o600)
    agent = Agent(settings(uplink={"url": "http://127.0.0.1:9/", "secret_file": secret}))
    open_repaired, refused = Store.open_repaired, []

    def refuse_once(path: Path, now: float, *, damaged: bool = False) -> Store:
        if not refused:
            refused.append(path)
            raise StoreError("read-only")
        return open_repaired(path, now, damaged=damaged)

    monkeypatch.setattr(Store, "open_repaired", refuse_once)
    monkeypatch.setattr(agent_module, "REPAIR_RETRY_S", 0.2)
    (worker,) = agent._uplink._workers
    worker.damaged = True  # as if its thread had found damage
    agent.run()

    assert refused
    assert visits(database)


def test_a_failing_model_ends_the_agent_without_losing_counted_visits(
    settings, database: Path, monkeypatch: pytest.MonkeyPatch
):
    frames = []

    def process(self: Pipeline, frame) -> list[Visit]:
        frames.append(frame.time_s)
        if len(frames) == 5:
            raise RuntimeError("interpreter failed")
        return [Visit(frame.time_s - 5, frame.time_s, 9, 30.0, (24.0, 37.0), 0.8)]

    def finish(self: Pipeline) -> list[Visit]:
        raise RuntimeError("interpreter failed again")

    monkeypatch.setattr(Pipeline, "process", process)
    monkeypatch.setattr(Pipeline, "finish", finish)

    with pytest.raises(RuntimeError, match="interpreter failed"):
        Agent(settings()).run()

    assert len(visits(database)) == 4
    assert health(database).camera == "ended"


def test_systemd_is_notified_of_readiness_of_each_frame_and_of_the_end(
    settings, database: Path, notifications: list[str]
):
    Agent(settings()).run()
    until(lambda: "STOPPING=1" in notifications)

    assert notifications[0] == "READY=1"
    until(lambda: notifications[-1] == "STOPPING=1")  # the listener may still be reading
    assert set(notifications[1:-1]) == {"WATCHDOG=1"}
    assert len(notifications) - 2 >= health(database).frames


def test_the_agent_waits_for_a_missing_camera(settings, database: Path, notifications: list[str]):
    agent = Agent(settings(camera={"source": "v4l2:/dev/video99"}))

    def is_camera_missing() -> bool:
        found = health(database)
        return found is not None and found.camera == "failed" and notifications.count("WATCHDOG=1") > 3

    run_until(agent, is_camera_missing)

    last = health(database)
    assert last.frames == 0
    assert "/dev/video99: no such device" in last.camera_error
    until(lambda: notifications[-1] == "STOPPING=1")  # the listener may still be reading


class Stuck(Camera):
    """A recording in real time whose last read never returns, as in a driver that hangs."""

    def __init__(self, recording: Path, released: threading.Event) -> None:
        super().__init__("stuck", live=True, fps=15.0)
        self._playback = Playback(lambda: open_camera(str(recording)))
        self._released = released

    def _grab(self):
        frame = self._playback.read()
        if frame is None:
            self._released.wait(PATIENCE_S)
            return None
        return frame.image, frame.time_s

    def _release(self) -> None:
        self._playback.close()


class Failing(Camera):
    """A recording in real time that fails after some frames. When it is reopened, it continues where it stopped."""

    def __init__(self, frames: Iterator[Frame], until: int | None) -> None:
        super().__init__("failing", live=True, fps=15.0)
        self._frames, self._left = frames, until

    def _grab(self):
        if self._left == 0:
            raise CameraError("the cable is loose")
        if self._left is not None:
            self._left -= 1
        frame = next(self._frames, None)
        if frame is None:
            return None
        time.sleep(1 / 15)
        return frame.image, time.monotonic()

    def _release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("away_s", "visits_counted"),
    [pytest.param(2.0, 2, id="for a moment"), pytest.param(7.0, 3, id="longer than tracks are kept")],
)
def test_people_in_view_while_the_camera_fails_are_counted_once_if_it_is_soon_back(
    settings, database: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, away_s: float, visits_counted: int
):
    """There are two patrons in the clip; the first is in view before and after the failure."""
    opened: list[Camera] = []
    with open_camera(str(clip)) as source:
        frames = iter(list(source))

    def open_source(_: CameraSettings) -> Camera:
        if opened:
            time.sleep(away_s)
        opened.append(Failing(frames, None if opened else 21))
        return opened[-1]

    monkeypatch.setattr(agent_module, "open_source", open_source)
    Agent(settings(camera={"source": "v4l2:/dev/video0"})).run()

    assert len(opened) == 2
    assert len(visits(database)) == visits_counted


def test_neither_log_nor_heartbeat_contains_the_cameras_password(
    settings, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(agent_module, "HEARTBEAT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    source = f"rtsp://door:s3cret@127.0.0.1:{port}/main"  # nothing listens there now

    with caplog.at_level("INFO"):
        run_until(Agent(settings(camera={"source": source})), lambda: (h := health(database)) and h.camera_error)

    seen = health(database)
    assert seen.camera_source == f"rtsp://***@127.0.0.1:{port}/main"
    assert "s3cret" not in f"{seen}{caplog.text}"
    assert f"127.0.0.1:{port}" in caplog.text


def test_a_hanging_read_does_not_reset_the_watchdog_and_loses_no_visit(
    settings, database: Path, clip: Path, notifications: list[str], monkeypatch: pytest.MonkeyPatch
):
    released = threading.Event()
    opened: list[Camera] = []

    def open_source(_: CameraSettings) -> Camera:
        if opened:
            released.wait(PATIENCE_S)
        opened.append(Stuck(clip, released))
        return opened[-1]

    monkeypatch.setattr(agent_module, "open_source", open_source)
    agent = Agent(settings(camera={"source": "v4l2:/dev/video0", "stall_s": 1}, counting={"bridge_s": 0}))
    watchdog_counts: list[tuple[float, int]] = []

    def hung_for_three_heartbeats() -> bool:
        found = health(database)
        away = found is not None and found.camera in ("failed", "opening") and found.camera_error
        if away and found.at not in {at for at, _ in watchdog_counts}:
            watchdog_counts.append((found.at, notifications.count("WATCHDOG=1")))
        return len(watchdog_counts) > 3

    run_until(agent, hung_for_three_heartbeats)
    released.set()

    assert "gave no frame" in health(database).camera_error
    assert watchdog_counts[0][1] >= health(database).frames > 0
    assert {count for _, count in watchdog_counts} == {watchdog_counts[0][1]}
    # Visits were stored while the camera was away: when the watchdog ends the agent, there is no time for that.
    assert visits(database)
    assert all(row["counted_at"] < watchdog_counts[-1][0] for row in visits(database))


def test_sigterm_counts_the_people_in_view_and_ends_with_0(database: Path, tmp_path: Path, clip: Path):
    config = tmp_path / "maitred.toml"
    config.write_text(
        f"[camera]\nsource = {json.dumps(str(clip))}\nloop = true\n"
        # So long that no visit ends before the signal.
        f"[counting]\nlost_s = 30\n[store]\npath = {json.dumps(str(database))}\n"
    )
    Store.open(database).close()

    def somebody_is_in_view() -> bool:
        found = health(database)
        return bool(found is not None and found.people_in_view) or process.poll() is not None

    process = subprocess.Popen([sys.executable, "-m", "edge.cli", "run", "--config", config], stderr=subprocess.PIPE)
    try:
        until(somebody_is_in_view)
        before = len(visits(database))
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()

    assert process.returncode == 0, log.decode()
    assert len(visits(database)) > before
    assert health(database).camera == "ended"


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        pytest.param("[camera]\nsource = 'nowhere.mp4'", "nowhere.mp4: no such file or folder", id="missing-recording"),
        pytest.param("[camera]\nsource = 'maitred.toml'", "maitred.toml is not a video", id="no-recording"),
        pytest.param("[camera]\nsource = 'v4l2:video0'", "v4l2:video0: a USB camera is named by", id="half-a-name"),
        pytest.param("[camera]\nsource = 'picamera2:left'", "picamera2:left: a Pi camera is named by", id="no-number"),
        pytest.param("[camera]\nsource = 'libcamera:'", "libcamera:: unknown kind of camera", id="unknown-kind"),
        pytest.param("[camera]\nsource = 'rtsp:///door'", "rtsp:///door: the address has no host", id="no-host"),
        pytest.param("[demographics]\nmodel = 'vgg99'", "vgg99: no such model; shipped:", id="unknown-model"),
        pytest.param("[detection]\nmodel = 'maitred.toml'", "maitred.toml: not a TFLite model", id="no-model"),
        pytest.param(
            "[uplink]\nurl = 'https://example.com'\nsecret_file = 'secret'", "secret: no such file", id="no-secret"
        ),
        pytest.param("[camera]\nwidht = 640", "camera.widht: unknown key; did you mean 'width'?", id="misspelt-key"),
    ],
)
def test_settings_that_cannot_work_are_named_and_end_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], section: str, reason: str
):
    monkeypatch.chdir(tmp_path)
    sections = "" if "[camera]" in section else "[camera]\nsource = 'v4l2:/dev/video99'\n"
    Path("maitred.toml").write_text(f"{sections}{section}\n[store]\npath = 'maitred.db'\n")

    code = main(["run", "--config", "maitred.toml"])

    assert code == 2
    assert reason in capsys.readouterr().err


def test_a_database_damaged_at_the_start_is_replaced_and_used(settings, database: Path):
    database.write_bytes(b"not a database" * 1000)

    Agent(settings()).run()

    assert visits(database)
    with Store.open(database, read_only=True) as store:
        assert (database.parent / store.last_repair.file).read_bytes() == b"not a database" * 1000


def test_a_database_damaged_while_the_agent_runs_is_replaced_without_losing_a_visit(
    settings, database: Path, monkeypatch: pytest.MonkeyPatch
):
    record_all = Store.record_all
    calls: list[int] = []

    def fails_once(store: Store, *arguments: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT  # as SQLite sets it when it reads a damaged page
            raise error
        record_all(store, *arguments)

    monkeypatch.setattr(Store, "record_all", fails_once)
    Agent(settings()).run()

    assert len(calls) >= 2
    assert visits(database)
    with Store.open(database, read_only=True) as store:
        assert store.last_repair is not None
    assert health(database).visits_waiting == 0


def test_a_database_that_cannot_be_opened_is_named_and_ends_the_start(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
):
    config = tmp_path / "maitred.toml"
    config.write_text(f"[camera]\nsource = {json.dumps(str(clip))}\n[store]\npath = {json.dumps(str(tmp_path))}\n")

    code = main(["run", "--config", str(config)])

    assert code == 1
    assert f"{tmp_path}: a folder; [store] path names the database in it" in capsys.readouterr().err
