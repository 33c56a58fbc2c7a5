from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cameras import Camera, CameraError, Playback, open_camera


class Clock:
    """A clock that only moves when somebody sleeps, and remembers for how long they did."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def play(folder: Path, clock: Clock) -> Callable[..., Playback]:
    """Plays five images, four a second."""

    def start(**options: bool) -> Playback:
        return Playback(lambda: open_camera(str(folder), fps=4.0), clock=clock.time, sleep=clock.sleep, **options)

    return start


def test_frames_are_held_back_until_they_are_due(play, clock: Clock) -> None:
    with play() as camera:
        stamps = [frame.time_s for frame in camera]
    assert stamps == [1000.0, 1000.25, 1000.5, 1000.75, 1001.0]
    assert clock.slept == [0.25] * 4


def test_the_time_spent_on_a_frame_is_not_slept_again(play, clock: Clock) -> None:
    with play() as camera:
        camera.read()
        clock.now += 0.2
        camera.read()
    assert clock.slept == [0.05]


def test_a_reader_that_falls_behind_gets_all_late_frames_at_once(play, clock: Clock) -> None:
    with play() as camera:
        camera.read()
        clock.now += 0.6
        stamps = [camera.read().time_s for _ in range(3)]
    assert stamps == [1000.25, 1000.5, 1000.75]
    assert clock.slept == [0.15]


def test_a_recording_played_once_ends(play) -> None:
    with play(loop=False) as camera:
        assert len(list(camera)) == 5
        assert camera.read() is None


def test_a_loop_starts_over_with_rising_times_at_the_same_pace(play, clock: Clock) -> None:
    with play(loop=True) as camera:
        frames = list(itertools.islice(camera, 12))
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == [1000.0 + 0.25 * index for index in range(12)]
    assert [int(frame.image.mean()) for frame in frames][4:7] == [200, 0, 50]
    assert clock.slept == [0.25] * 11


def test_playback_counts_as_live_and_keeps_name_and_rate(play, folder: Path) -> None:
    with play() as camera:
        assert (camera.live, camera.name, camera.fps) == (True, str(folder), 4.0)


def test_closing_closes_the_recording_and_reading_on_is_an_error(play) -> None:
    camera = play(loop=True)
    camera.read()
    camera.close()
    camera.close()
    with pytest.raises(CameraError, match="closed"):
        camera.read()


def test_a_live_camera_cannot_be_played_back(play) -> None:
    inner: Camera = play()
    with pytest.raises(ValueError, match="live already"):
        Playback(lambda: inner)
