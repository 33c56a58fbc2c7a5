"""Nothing that could tell one person from another is kept for more than seconds after a visit."""

from __future__ import annotations

import gc
import weakref
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from edge.cameras import Frame, open_camera
from edge.config import Settings
from edge.counting.frame_analyzer import ModelFrameAnalyzer
from edge.counting.pipeline import Pipeline
from edge.demo import CLIP
from edge.tracking.clothing import LENGTH, clothing_of
from edge.tracking.track import Track
from edge.tracking.tracker import Tracker
from edge.vision.detection import Detection
from edge.vision.models import Models
from tests.faces import face


def arrays_of(root: object, beside: object) -> list[np.ndarray]:
    """All arrays that can be reached from an object, but not through ``beside`` (the models), code or classes."""
    arrays, waiting, known = [], [root], {id(beside)}
    while waiting:
        thing: Any = waiting.pop()
        if id(thing) in known or isinstance(thing, (type, ModuleType, FunctionType)):
            continue
        known.add(id(thing))
        if isinstance(thing, np.ndarray):
            arrays.append(thing)
        waiting += gc.get_referents(thing)
    return arrays


def pictures(pipeline: Pipeline, models: Models) -> list[np.ndarray]:
    """Arrays with enough numbers to tell people apart, without the thumbnail for motion: it has a few pixels per
    person.
    """
    for_motion = pipeline._analyzer._finder._before
    return [
        array
        for array in arrays_of(pipeline, models)
        if array is not for_motion and array.size >= LENGTH
        and not any(array is one for one in arrays_of(models.detector, None) + arrays_of(models.demographics, None))
    ]  # fmt: skip


@pytest.mark.slow
def test_crops_and_clothing_colours_are_gone_seconds_after_the_last_visit():
    settings = Settings()
    models = Models.open(settings.detection, settings.demographics)
    pipeline = Pipeline(settings, ModelFrameAnalyzer(models, settings.detection))
    followed: list[weakref.ref[Track]] = []
    with open_camera(str(CLIP)) as camera:
        for frame in camera:
            if not 2 < frame.time_s < 4:
                continue
            pipeline.process(frame)
            followed += [weakref.ref(track) for track in pipeline.seen]
            last = frame
    # While somebody is in view, crops and clothing colours are kept: so the search below does find them.
    assert any(array.size == LENGTH for array in pictures(pipeline, models))
    assert any(array.ndim == 3 for array in pictures(pipeline, models))

    empty, now = np.full_like(last.image, 120), last.time_s
    del frame, last
    visits = []
    while now < 4 + settings.counting.bridge_s + 1:
        now += 1 / 15
        visits += pipeline.process(Frame(empty, now, 0))
    del empty
    gc.collect()

    assert len(visits) == 1
    assert all(isinstance(value, (float, int, str, tuple, type(None))) for value in vars(visits[0]).values())
    assert pictures(pipeline, models) == []
    assert all(reference() is None for reference in followed)


@pytest.mark.parametrize(
    ("gap_s", "same_clothes", "tracks"),
    [
        pytest.param(3.0, True, 1, id="hidden for seconds"),
        pytest.param(3.0, False, 2, id="somebody else"),
        pytest.param(6.5, True, 2, id="hidden for too long"),
    ],
)
def test_a_hidden_person_is_found_again_by_clothes_only_for_some_seconds(gap_s: float, same_clothes: bool, tracks: int):
    tracker = Tracker(Settings().counting, 0.6)
    red, blue = np.tile(np.float32([30, 30, 180]), 12), np.tile(np.float32([160, 60, 30]), 12)
    seen = set()
    for index in range(10):
        seen |= {track.id for track in tracker.step([face(300)], index / 10, [red], (960, 540)).seen}
    for index in range(1, int(gap_s * 10)):
        tracker.step([], 0.9 + index / 10, [], (960, 540))
    for index in range(8):  # it is decided after a moment
        worn = red if same_clothes else blue
        again = tracker.step([face(420)], 0.9 + gap_s + index / 10, [worn], (960, 540))
    seen = {track.id for track in again.seen} | {1}
    assert len(seen) == tracks


def test_a_person_who_left_the_view_is_not_confused_with_one_who_comes_in_there():
    tracker = Tracker(Settings().counting, 0.6)
    black = np.full(LENGTH, 40, np.float32)
    for index in range(10):
        tracker.step([face(700 + 28 * index)], index / 10, [black], (960, 540))
    (back,) = tracker.step([face(930)], 0.9 + 2.0, [black], (960, 540)).seen
    assert back.id == 2


def test_clothing_colours_are_those_below_the_face_and_none_if_that_is_outside_the_frame():
    image = np.zeros((400, 400, 3), np.uint8)
    image[150:] = (10, 20, 200)
    worn = clothing_of(image, Detection((180, 80, 40, 40), 0.9, np.zeros((6, 2), np.float32)))
    assert worn is not None
    assert worn.shape == (LENGTH,)
    assert worn.reshape(-1, 3)[-3:] == pytest.approx(np.tile([10, 20, 200], (3, 1)), abs=1)
    assert clothing_of(image, Detection((180, 350, 40, 40), 0.9, np.zeros((6, 2), np.float32))) is None
