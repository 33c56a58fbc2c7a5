"""Fewer frames are processed if the machine is too slow, and all of them again when it is not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edge.agent.frame_skipping import MAX_EVERY, FrameSkipper


class Machine:
    """A camera of ``fps`` that delivers only its newest frame, and a processor. Its clock is that of the frames."""

    def __init__(self, fps: float = 10.0) -> None:
        self.fps = fps
        self.skipper = FrameSkipper()
        self.now_s = 0.0
        self.number = -1
        self.processed: list[int] = []
        self.skipped = 0
        """Frames that were not processed: replaced by a newer one, or skipped."""

    def run(self, seconds: float, frame_s: float) -> None:
        """Process frames, each of which takes ``frame_s`` seconds."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            newest = int(self.now_s * self.fps + 1e-9)
            if newest == self.number:
                self.number, self.now_s = self.number + 1, (self.number + 1) / self.fps
            else:
                self.skipped += newest - self.number - 1
                self.number = newest
            if not self.skipper.should_process(self.number):
                self.skipped += 1
                continue
            self.processed.append(self.number)
            self.now_s += frame_s
            self.skipper.record_time(frame_s, self.number, self.now_s)

    @property
    def gaps(self) -> set[int]:
        """Number of frames from each processed frame to the next, for the latest ten."""
        latest = self.processed[-11:]
        return {after - before for before, after in pairwise(latest)}


@pytest.mark.parametrize(
    ("frame_s", "every"),
    [
        pytest.param(0.02, 1, id="idle"),
        pytest.param(0.08, 1, id="busy"),
        pytest.param(0.13, 2, id="a third too slow"),
        pytest.param(0.25, 3, id="two and a half times too slow"),
        pytest.param(2.0, MAX_EVERY, id="hopeless"),
    ],
)
def test_as_many_frames_are_processed_as_the_machine_can_manage(frame_s: float, every: int):
    machine = Machine()
    machine.run(30, frame_s)
    assert machine.skipper.every == every


def test_processed_frames_are_evenly_spaced():
    machine = Machine()
    machine.run(4, 0.13)
    uneven = machine.gaps
    machine.run(30, 0.13)
    assert (uneven, machine.gaps) == ({1, 2}, {2})


def test_all_frames_are_processed_again_when_the_load_is_low():
    machine = Machine()
    machine.run(30, 0.25)
    machine.run(30, 0.03)
    assert (machine.skipper.every, machine.gaps) == (1, {1})


def test_a_short_burst_changes_nothing():
    machine = Machine()
    machine.run(10, 0.02)
    machine.run(0.5, 0.13)
    machine.run(10, 0.02)
    assert machine.skipper.skipped == 0


def test_near_the_limit_the_number_of_frames_does_not_go_up_and_down():
    machine = Machine()
    seen = set()
    for frame_s in [0.097, 0.093, 0.096, 0.092] * 5:
        machine.run(6, frame_s)
        seen.add(machine.skipper.every)
    assert seen == {2}


def test_every_frame_is_processed_or_counted_as_skipped():
    machine = Machine()
    machine.run(60, 0.13)
    assert len(machine.processed) + machine.skipped == machine.number + 1
    assert 0 < machine.skipper.skipped <= machine.skipped


def test_frame_numbers_may_start_again_when_the_camera_is_reopened():
    machine = Machine()
    machine.run(30, 0.25)
    assert machine.skipper.should_process(0)
    assert not machine.skipper.should_process(1)
    assert machine.skipper.every == 3
