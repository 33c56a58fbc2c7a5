"""Fewer frames are looked at where the machine falls behind; all of them again where there is room."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edge.agent.frame_skipping import MAX_EVERY, FrameSkipper


class Machine:
    """A camera of ``fps`` whose newest frame alone is handed out, and a processor; its clock is that of the frames."""

    def __init__(self, fps: float = 10.0) -> None:
        self.fps = fps
        self.skipper = FrameSkipper()
        self.now_s = 0.0
        self.number = -1
        self.looked: list[int] = []
        self.left_out = 0
        """Frames that nobody looked at: replaced by a newer one, or skipped."""

    def run(self, seconds: float, frame_s: float) -> None:
        """Each frame takes ``frame_s`` to be looked at."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            newest = int(self.now_s * self.fps + 1e-9)
            if newest == self.number:
                self.number, self.now_s = self.number + 1, (self.number + 1) / self.fps
            else:
                self.left_out += newest - self.number - 1
                self.number = newest
            if not self.skipper.should_process(self.number):
                self.left_out += 1
                continue
            self.looked.append(self.number)
            self.now_s += frame_s
            self.skipper.record_time(frame_s, self.number, self.now_s)

    @property
    def gaps(self) -> set[int]:
        """Frames from one that was looked at to the next, of the latest ten."""
        latest = self.looked[-11:]
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
def test_as_many_frames_are_looked_at_as_the_machine_can(frame_s: float, every: int):
    machine = Machine()
    machine.run(30, frame_s)
    assert machine.skipper.every == every


def test_frames_that_are_looked_at_are_evenly_spaced():
    machine = Machine()
    machine.run(4, 0.13)
    uneven = machine.gaps
    machine.run(30, 0.13)
    assert (uneven, machine.gaps) == ({1, 2}, {2})


def test_where_there_is_room_again_all_frames_are_looked_at():
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


def test_near_the_limit_it_does_not_swing():
    machine = Machine()
    seen = set()
    for frame_s in [0.097, 0.093, 0.096, 0.092] * 5:
        machine.run(6, frame_s)
        seen.add(machine.skipper.every)
    assert seen == {2}


def test_every_frame_is_looked_at_or_counted():
    machine = Machine()
    machine.run(60, 0.13)
    assert len(machine.looked) + machine.left_out == machine.number + 1
    assert 0 < machine.skipper.skipped <= machine.left_out


def test_a_camera_that_is_opened_again_numbers_its_frames_anew():
    machine = Machine()
    machine.run(30, 0.25)
    assert machine.skipper.should_process(0)
    assert not machine.skipper.should_process(1)
    assert machine.skipper.every == 3
