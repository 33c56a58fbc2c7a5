"""Which shots of a visit are kept, however a person walks."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.counting.best_shots import MIN_APART_S, BestShots, Shot, age_interval, clarity, quality_of
from edge.vision.detection import Detection
from tests.faces import bell

BLANK = np.zeros((4, 4, 3), np.uint8)
MARKS = np.array([[90, 90], [110, 90], [100, 102], [100, 112], [82, 95], [118, 95]], np.float32)


def shots_of_walk(count: int, qualities: list[float], fps: float = 15.0) -> tuple[BestShots, list[float]]:
    """The shots that are kept of a walk, offered as the pipeline does, and the times at which they were taken."""
    shots = BestShots(count)
    for index, quality in enumerate(qualities):
        if shots.would_keep(quality, index / fps):
            marked = BLANK.copy()
            marked[0, 0] = (index % 256, index // 256, 0)
            shots.add(Shot(quality, index / fps, marked, BLANK))
        assert len(shots.shots) <= count
    times = [(int(s.crop[0, 0, 0]) + 256 * int(s.crop[0, 0, 1])) / fps for s in shots.shots]
    return shots, times


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(lambda t: t, id="comes nearer"),
        pytest.param(lambda t: 1 - t, id="goes away"),
        pytest.param(lambda t: 1 - abs(2 * t - 1), id="passes by"),
        pytest.param(lambda t: 0.5, id="stands"),
    ],
)
def test_any_walk_of_three_seconds_gives_the_full_number_of_shots(way: Callable[[float], float]):
    """Also of a person who comes nearer, as patrons do at a door, so that each frame is better than the one before."""
    shots, _ = shots_of_walk(5, [0.1 + 0.8 * way(index / 45) for index in range(45)])
    assert len(shots.shots) == 5


def test_of_each_quarter_second_only_the_best_shot_competes():
    rng = np.random.default_rng(8)
    for _ in range(30):
        qualities = rng.uniform(0, 1, 60).tolist()
        shots, times = shots_of_walk(4, qualities)
        qualities_kept = [shot.quality for shot in shots.shots]
        assert qualities_kept == sorted(qualities_kept, reverse=True)
        assert qualities_kept[0] == max(qualities)
        assert [qualities[round(time * 15)] for time in times] == qualities_kept  # the crop belongs to the quality
        slots = [shot.time_s for shot in shots.shots]
        assert min(abs(a - b) for i, a in enumerate(slots) for b in slots[:i]) >= MIN_APART_S


def test_the_best_shots_are_kept_and_replace_shots_near_in_time():
    shots = BestShots(3)
    for time_s, quality in [(0.0, 0.2), (0.1, 0.5), (1.0, 0.3), (2.0, 0.9), (3.0, 0.1), (4.0, 0.8)]:
        if shots.would_keep(quality, time_s):
            shots.add(Shot(quality, time_s, BLANK, BLANK))
    assert [shot.quality for shot in shots.shots] == [0.9, 0.8, 0.5]


def test_a_single_shot_is_the_best_one():
    shots, times = shots_of_walk(1, [0.2, 0.9, 0.3, 0.4, 0.8, 0.1] * 10)
    assert [shot.quality for shot in shots.shots] == [0.9]
    assert len(times) == 1


@pytest.mark.parametrize(
    "worse",
    [
        pytest.param(Detection((90, 90, 20, 20), 0.9, MARKS), id="small"),
        pytest.param(Detection((-20, 80, 40, 40), 0.9, MARKS), id="cut by the frame"),
        pytest.param(Detection((80, 80, 40, 40), 0.4, MARKS), id="doubtful"),
        pytest.param(
            Detection(
                (80, 80, 40, 40), 0.9, MARKS + np.array([[0, 0], [0, 0], [9, 0], [0, 0], [0, 0], [0, 0]], np.float32)
            ),
            id="profile",
        ),
    ],
)
def test_a_worse_view_has_a_lower_quality(worse: Detection):
    image = np.zeros((240, 320, 3), np.uint8)
    assert quality_of(worse, image) < quality_of(Detection((80, 80, 40, 40), 0.9, MARKS), image)


def test_a_blurred_dim_flat_or_overexposed_face_has_a_lower_quality():
    rng = np.random.default_rng(1)
    fine = cv2.GaussianBlur(rng.normal(0, 1, (96, 96, 3)), (0, 0), 2.0)
    sharp = np.clip(120 + 40 * fine / fine.std(), 0, 255).astype(np.uint8)
    worse = {
        "blurred": cv2.GaussianBlur(sharp, (0, 0), 4),
        "dim": (sharp * 0.2).astype(np.uint8),
        "flat": (110 + 0.2 * (sharp.astype(float) - 110)).astype(np.uint8),
        "burnt out": np.clip(sharp.astype(int) * 3, 0, 255).astype(np.uint8),
    }
    best = clarity(sharp)
    assert 0.8 < best <= 1
    for name, picture in worse.items():
        assert 0 < clarity(picture) < 0.9 * best, name
    # Noise is no sharpness: a blurred face does not become sharp by the sensor's grain.
    grainy = np.clip(worse["blurred"].astype(float) + rng.normal(0, 8, sharp.shape), 0, 255).astype(np.uint8)
    assert clarity(grainy) < 0.9 * best


@pytest.mark.parametrize(
    ("qualities", "wider"),
    [
        pytest.param(None, False, id="unknown"),
        pytest.param([0.5, 0.6], False, id="shows well"),
        pytest.param([0.2, 0.3], True, id="shows little"),
    ],
)
def test_an_age_interval_is_wider_if_the_shots_are_poor(qualities: list[float] | None, wider: bool):
    pooled = bell(40)
    low, high = age_interval(pooled, qualities)
    plain_low, plain_high = pooled.age_interval
    assert (high - low > 1.2 * (plain_high - plain_low)) == wider
    assert (low < plain_low) == (high > plain_high) == wider
    assert low < pooled.age < high
