"""From frames to visits, with the shipped models."""

from __future__ import annotations

import numpy as np
import pytest

from edge.cameras import Frame, open_camera
from edge.config import Settings
from edge.counting.pipeline import Pipeline, visit_of
from edge.demo import CLIP
from edge.errors import BadInput
from edge.tracking.track import Track
from tests.faces import bell, face


@pytest.mark.slow
def test_no_crop_outlives_its_visit():
    pipeline = Pipeline()
    held = 0
    with open_camera(str(CLIP)) as camera:
        for frame in camera:
            pipeline.process(frame)
            held = max(held, sum(len(shots.shots) for shots in pipeline._shots.values()))
            if frame.time_s > 8:
                break
    assert held > 0
    pipeline.finish()
    assert pipeline._shots == {}


@pytest.mark.slow
def test_a_face_that_only_flickers_is_not_a_visit():
    pipeline = Pipeline()
    with open_camera(str(CLIP)) as camera:
        frames = [frame for frame in camera if 60 <= frame.index < 63]
    for frame in frames:
        pipeline.process(frame)
    empty = np.full_like(frames[0].image, 120)
    visits = [v for n in range(1, 60) for v in pipeline.process(Frame(empty, frames[-1].time_s + n / 15, 63 + n))]
    assert visits + pipeline.finish() == []


@pytest.mark.parametrize(
    ("age", "has_gender"), [pytest.param(8, False, id="child"), pytest.param(30, True, id="adult")]
)
def test_no_gender_is_given_for_children(age: float, has_gender: bool):
    track = Track(1, face(100, 100), 1.0, 5.0, hits=20)
    visit = visit_of(track, [bell(age, female=0.9)] * 3, no_gender_below=Settings().census.no_gender_below)
    assert visit.gender == ("female" if has_gender else None)
    assert (visit.female_probability is not None) == has_gender
    assert visit.dwell_s == 4.0


def test_a_visit_keeps_the_models_own_interval_beside_the_wider_one():
    track = Track(1, face(100, 100), 1.0, 5.0, hits=20)
    poor, good = (visit_of(track, [bell(40, female=0.9)] * 3, [quality] * 3) for quality in (0.1, 0.9))
    assert poor.own_interval == good.own_interval == good.age_interval
    assert poor.age_interval[0] < poor.own_interval[0] < poor.own_interval[1] < poor.age_interval[1]


@pytest.mark.parametrize("time_s", [1.0, 0.5])
def test_frames_must_have_rising_times(time_s: float):
    pipeline = Pipeline()
    pipeline.process(Frame(np.zeros((60, 80, 3), np.uint8), 1.0))
    with pytest.raises(BadInput, match=rf"frame 1: its time, {time_s:.3f} s, is not later than .* 1.000 s"):
        pipeline.process(Frame(np.zeros((60, 80, 3), np.uint8), time_s, 1))


def test_an_array_is_refused_as_a_frame():
    with pytest.raises(BadInput, match=r"of type ndarray; make a Frame\(image, time_s\) of it"):
        Pipeline().process(np.zeros((60, 80, 3), np.uint8))  # type: ignore[arg-type]
