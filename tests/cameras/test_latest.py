"""Failure on purpose: cameras that raise, hang, end. Waits are for something to happen, never for an amount of time."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge.cameras import Camera, CameraError, CameraState, LatestFrame, Playback, ReopenPolicy, open_camera
from edge.errors import BadInput
from edge.system.backoff import Backoff
from tests.waiting import until

DEADLINE_S = 20.0
QUICK = ReopenPolicy(stall_s=5.0, open_s=5.0, first_s=0.001, cap_s=0.01)
IMPATIENT = ReopenPolicy(stall_s=0.05, open_s=0.05, first_s=0.001, cap_s=0.01)


class Scripted(Camera):
    """A camera that does what the generator says: yields give frames of that level, exceptions are raised."""

    def __init__(self, script: Iterator[int]) -> None:
        super().__init__("scripted", live=True, fps=None)
        self._script = script
        self.released = threading.Event()

    def _grab(self) -> tuple[np.ndarray, float] | None:
        level = next(self._script, None)
        return None if level is None else (np.full((4, 4, 3), level, np.uint8), time.monotonic())

    def _release(self) -> None:
        self.released.set()


class Opener:
    """Opens one scripted camera after the other, the last one again and again, and remembers them."""

    def __init__(self, *scripts: Callable[[], Iterator[int]]) -> None:
        self._scripts = scripts
        self.cameras: list[Scripted] = []
        self.calls = 0

    def __call__(self) -> Camera:
        script = self._scripts[min(self.calls, len(self._scripts) - 1)]
        self.calls += 1
        camera = Scripted(script())
        self.cameras.append(camera)
        return camera


def steady(level: int = 1) -> Callable[[], Iterator[int]]:
    def script() -> Iterator[int]:
        while True:
            time.sleep(0.001)
            yield level

    return script


def failing(message: str = "the cable is loose") -> Callable[[], Iterator[int]]:
    def script() -> Iterator[int]:
        yield 9
        raise CameraError(message)

    return script


def level(frame) -> int:
    return int(frame.image[0, 0, 0])


def test_only_the_newest_frame_is_handed_out_and_the_others_are_counted() -> None:
    more = threading.Event()

    def script() -> Iterator[int]:
        yield from range(5)
        more.wait(DEADLINE_S)
        yield 7
        threading.Event().wait(1.0)

    with LatestFrame(Opener(script), name="door", policy=QUICK) as latest:
        until(lambda: latest.status.frames == 5)
        assert level(latest.wait(0)) == 4
        assert latest.status.dropped == 4
        assert latest.wait(0) is None, "a frame is handed out once"
        more.set()
        assert level(latest.wait(DEADLINE_S)) == 7
        assert latest.status.dropped == 4
        assert latest.status.state == CameraState.RUNNING
        assert latest.status.last_error is None
        assert latest.status.last_frame_s <= time.monotonic()


def test_a_camera_that_fails_is_reported_released_and_reopened(caplog: pytest.LogCaptureFixture) -> None:
    opener = Opener(failing(), steady(2))
    with caplog.at_level(logging.WARNING), LatestFrame(opener, name="door", policy=QUICK) as latest:
        until(lambda: (frame := latest.wait(0.1)) is not None and level(frame) == 2)
        status = latest.status
    assert opener.cameras[0].released.is_set()
    assert status.state == CameraState.RUNNING
    assert status.reopened == 1
    assert status.last_error == "the cable is loose"
    assert "camera door: the cable is loose; opening it again" in caplog.text


def test_any_kind_of_exception_leads_to_a_reopen() -> None:
    def broken() -> Iterator[int]:
        raise ZeroDivisionError
        yield

    with LatestFrame(Opener(broken, steady()), name="door", policy=QUICK) as latest:
        assert latest.wait(DEADLINE_S) is not None
        assert latest.status.last_error == "ZeroDivisionError"


@pytest.mark.parametrize("error", [BadInput, CameraError], ids=["bad input", "camera error"])
def test_a_camera_that_cannot_be_opened_is_tried_again(error: type[Exception]) -> None:
    attempts = []

    def open_later() -> Camera:
        attempts.append(1)
        if len(attempts) < 4:
            raise error("no such device")
        return Scripted(steady()())

    with LatestFrame(open_later, name="door", policy=QUICK) as latest:
        assert latest.wait(DEADLINE_S) is not None
        assert latest.status.reopened == 3
        assert latest.status.last_error == "no such device"


def test_a_stalled_camera_is_reopened(caplog: pytest.LogCaptureFixture) -> None:
    wake_up = threading.Event()

    def hangs() -> Iterator[int]:
        wake_up.wait(DEADLINE_S)
        yield 66

    opener = Opener(hangs, steady(2))
    policy = ReopenPolicy(stall_s=0.2, open_s=5.0, first_s=0.001, cap_s=0.01)
    with caplog.at_level(logging.WARNING), LatestFrame(opener, name="door", policy=policy) as latest:
        assert level(latest.wait(DEADLINE_S)) == 2
        assert latest.status.hung >= 1
        assert latest.status.last_error == "the camera gave no frame for 0.2 s"
        assert not opener.cameras[0].released.is_set(), "nobody may touch a camera that is being read"
        wake_up.set()
        assert opener.cameras[0].released.wait(DEADLINE_S), "it closes its camera when it comes back"
    assert "camera door: the camera gave no frame for 0.2 s; opening it again" in caplog.text


def test_an_abandoned_read_that_comes_back_never_delivers_its_frame() -> None:
    wake_up, go = threading.Event(), threading.Event()

    def hangs() -> Iterator[int]:
        wake_up.wait(DEADLINE_S)
        yield 66

    def silent_until_go() -> Iterator[int]:
        go.wait(DEADLINE_S)
        yield from steady(2)()

    opener = Opener(*[hangs] * IMPATIENT.max_hung, silent_until_go)
    with LatestFrame(opener, name="door", policy=IMPATIENT) as latest:
        until(lambda: latest.status.hung == IMPATIENT.max_hung)  # so that none of them is the current one
        wake_up.set()
        for camera in opener.cameras[: IMPATIENT.max_hung]:
            assert camera.released.wait(DEADLINE_S)
        assert latest.status.frames == 0, "each of them had a frame to give by now"
        assert latest.wait(0) is None
        go.set()
        assert level(latest.wait(DEADLINE_S)) == 2


def test_an_opening_that_hangs_is_abandoned() -> None:
    forever = threading.Event()
    calls = []

    def open_camera_() -> Camera:
        calls.append(1)
        if len(calls) == 1:
            forever.wait(DEADLINE_S)
        return Scripted(steady(2)())

    policy = ReopenPolicy(stall_s=5.0, open_s=0.05, first_s=0.001, cap_s=0.01)
    with LatestFrame(open_camera_, name="door", policy=policy) as latest:
        assert level(latest.wait(DEADLINE_S)) == 2
        assert latest.status.last_error == "the camera did not open for 0.05 s"
        forever.set()


def test_a_close_that_hangs_does_not_stop_the_reopening_nor_hide_the_reason() -> None:
    forever = threading.Event()

    class StuckInClose(Scripted):
        def _release(self) -> None:
            forever.wait(DEADLINE_S)

    cameras = iter([StuckInClose(failing()())])
    policy = ReopenPolicy(stall_s=0.2, open_s=5.0, first_s=0.001, cap_s=0.01)
    with LatestFrame(lambda: next(cameras, None) or Scripted(steady(2)()), name="door", policy=policy) as latest:
        until(lambda: (frame := latest.wait(0.1)) is not None and level(frame) == 2)
        assert latest.status.reopened >= 1
        assert "the cable is loose" in (latest.status.last_error or "")
        forever.set()


def test_reads_that_hang_do_not_pile_up_without_end() -> None:
    forever = threading.Event()

    def hangs() -> Iterator[int]:
        forever.wait(DEADLINE_S)
        yield from steady(2)()

    opener = Opener(hangs)
    with LatestFrame(opener, name="door", policy=IMPATIENT) as latest:
        until(lambda: latest.status.reopened > 10)
        assert opener.calls == IMPATIENT.max_hung
        assert latest.status.hung == IMPATIENT.max_hung
        assert "replug the camera or restart the service" in (latest.status.last_error or "")
        forever.set()
        assert level(latest.wait(DEADLINE_S)) == 2, "once they come back, it goes on"


class RecordingBackoff(Backoff):
    """Writes down how many failures in a row each wait was asked for, and does not wait."""

    def __init__(self) -> None:
        super().__init__(60.0, lambda: 0.5)
        self.asked: list[int] = []

    def next(self, at_least_s: float = 0.0) -> float:
        self.asked.append(self.failures)
        super().next(at_least_s)
        return 0.001


@dataclass(frozen=True)
class Recording(ReopenPolicy):
    recorded: RecordingBackoff = field(default_factory=RecordingBackoff)

    def backoff(self) -> Backoff:
        return self.recorded


def test_failures_in_a_row_are_counted_and_a_camera_that_worked_starts_afresh() -> None:
    def works_for_a_while() -> Iterator[int]:
        start = time.monotonic()
        while time.monotonic() < start + 1.2:
            time.sleep(0.02)
            yield 2
        raise CameraError("gone")

    policy = Recording(stall_s=1.0)
    opener = Opener(failing(), failing(), failing(), works_for_a_while, failing(), steady(5))
    with LatestFrame(opener, name="door", policy=policy) as latest:
        until(lambda: (frame := latest.wait(0.1)) is not None and level(frame) == 5)
    assert policy.recorded.asked == [0, 1, 2, 0, 1]


WAITS = {
    "first": (0, 1.0, 0.5),
    "doubles": (1, 1.0, 1.0),
    "doubles again": (4, 1.0, 8.0),
    "is capped": (20, 1.0, 60.0),
    "is capped for ever": (10_000, 1.0, 60.0),
    "chance shortens it": (1, 0.5, 0.75),
    "by half at most": (20, 0.0, 30.0),
}


@pytest.mark.parametrize(("failures", "chance", "expected"), WAITS.values(), ids=WAITS)
def test_the_wait_grows_with_every_failure_up_to_a_cap(
    failures: int, chance: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random.SystemRandom, "random", lambda _: chance)
    backoff = ReopenPolicy().backoff()
    for _ in range(failures):
        backoff.next()
    assert backoff.next() == expected


def test_a_recording_that_is_over_is_not_opened_again(folder: Path) -> None:
    opened = []

    def play_once() -> Camera:
        opened.append(1)
        return Playback(lambda: open_camera(str(folder)), sleep=lambda _: None)

    with LatestFrame(play_once, name="clip", policy=QUICK) as latest:
        until(lambda: latest.status.state == CameraState.ENDED)
        assert latest.status.frames == 5
        assert int(latest.wait(0).image.mean()) == 200, "the last frame can still be had"
        assert latest.wait(DEADLINE_S) is None
    assert opened == [1]


def test_a_stream_whose_server_hangs_up_is_opened_again(mjpeg_server) -> None:
    url = f"http://{mjpeg_server.netloc}/five"
    with LatestFrame(lambda: open_camera(url), name=url, policy=QUICK) as latest:
        until(lambda: latest.status.reopened >= 2 and latest.status.frames > 10)
        assert latest.status.last_error == f"{url}: the camera stopped delivering frames"


def test_stopping_lets_go_of_the_camera_and_stopping_twice_is_fine() -> None:
    opener = Opener(steady())
    latest = LatestFrame(opener, name="door", policy=QUICK)
    latest.start()
    assert latest.wait(DEADLINE_S) is not None
    latest.stop()
    latest.stop()
    assert opener.cameras[0].released.is_set()
    assert latest.wait(DEADLINE_S) is None
    assert latest.status.state == CameraState.STOPPED
    assert opener.calls == 1


def test_stopping_ends_a_long_wait_for_the_next_attempt() -> None:
    policy = ReopenPolicy(first_s=3600.0, cap_s=3600.0)
    with LatestFrame(Opener(failing()), name="door", policy=policy) as latest:
        until(lambda: latest.status.state == CameraState.WAITING)
    assert latest.status.state == CameraState.STOPPED


def test_stopping_before_the_start_is_fine_and_starting_twice_is_an_error() -> None:
    latest = LatestFrame(Opener(steady()), name="door", policy=QUICK)
    latest.stop()
    running = LatestFrame(Opener(steady()), name="door", policy=QUICK)
    with running, pytest.raises(RuntimeError, match="started before"):
        running.start()


def test_waiting_for_a_camera_without_frames_times_out_empty() -> None:
    def silent() -> Iterator[int]:
        threading.Event().wait(0.5)
        yield 1

    with LatestFrame(Opener(silent), name="door", policy=QUICK) as latest:
        assert latest.wait(0.001) is None
