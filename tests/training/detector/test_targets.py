"""The detector's training targets compared with the geometry of its outputs, and the loss."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from training.data.face_crops import LANDMARKS
from training.detector.blazeface import OUTPUTS
from training.detector.composites import SceneFace
from training.detector.targets import ANCHOR_CENTRES, CELL_CENTRES, MIN_LOGIT, SMALL_MIN_LOGIT, target_of
from training.detector.train import MAX_BACKGROUND_LOGIT, losses

pytestmark = pytest.mark.slow

GREY = np.full((192, 192, 3), 128, np.uint8)


def face(left: float, top: float, side: float, clear: bool = True) -> SceneFace:
    corner = np.array([left, top], np.float32)
    return SceneFace(np.array([left, top, side, side], np.float32), LANDMARKS * side + corner, clear)


def test_anchors_lie_in_quarters_of_cells_row_by_row():
    assert ANCHOR_CENTRES[:5].tolist() == [[2, 2], [6, 2], [2, 6], [6, 6], [10, 2]]
    assert ANCHOR_CENTRES[4 * 24].tolist() == [2, 10]
    assert CELL_CENTRES[:5].tolist() == [[4, 4], [4, 4], [4, 4], [4, 4], [12, 4]]


@pytest.mark.parametrize(("square", "scale"), [((0, 0, 192), 1.0), ((30, -10, 96), 2.0), ((-40, -60, 384), 0.5)])
def test_a_face_is_the_target_of_the_anchor_nearest_to_its_middle(square, scale):
    known = face(47.0, 33.0, 40.0)
    found = target_of(GREY, [known], square)
    (own,) = np.flatnonzero(np.isfinite(found.min_logit))
    middle = (np.array([67.0, 53.0]) - square[:2]) * scale
    assert np.abs(ANCHOR_CENTRES[own] - middle).max() <= 2
    assert found.min_logit[own] == (MIN_LOGIT if 40 * scale >= 24 else SMALL_MIN_LOGIT)
    # Read as the agent reads them, its values are the face's box and landmarks.
    values = found.points[own].reshape(8, 2)
    np.testing.assert_allclose(CELL_CENTRES[own] + values[0], middle, atol=1e-4)
    np.testing.assert_allclose(values[1], 40 * scale)
    np.testing.assert_allclose(CELL_CENTRES[own] + values[2:], (known.landmarks - square[:2]) * scale, atol=1e-4)
    assert not found.background[own]
    far = np.abs(ANCHOR_CENTRES - middle).max(1) > max(0.4 * 40 * scale, 10)
    assert (found.background == far).all()


@pytest.mark.parametrize(
    "hard",
    [
        pytest.param(face(60, 60, 40, clear=False), id="covered"),
        pytest.param(face(-20, 60, 40), id="cut by the square"),
        pytest.param(face(60, 60, 8), id="tiny"),
        pytest.param(face(20, 20, 150), id="huge"),
    ],
)
def test_a_hard_face_is_neither_a_target_nor_background(hard):
    found = target_of(GREY, [hard], (0, 0, 192))
    assert not np.isfinite(found.min_logit).any()
    middle = hard.box[:2] + hard.box[2:] / 2
    assert not found.background[np.abs(ANCHOR_CENTRES - middle).max(1) <= 4].any()


def outputs_with(logits: dict[int, float], points: dict[int, np.ndarray]) -> list[tf.Tensor]:
    """Outputs of a network: logits of -6 except for some anchors."""
    every = np.zeros((1, 2304, 17), np.float32)
    every[..., 0] = -6
    for anchor, logit in logits.items():
        every[0, anchor, 0] = logit
    for anchor, values in points.items():
        every[0, anchor, 1:] = values
    starts = (0, 1, 3, 5, 17)
    return [
        tf.constant(every[..., a:b] / output.factor) for output, a, b in zip(OUTPUTS, starts, starts[1:], strict=False)
    ]


def test_the_truth_overrules_the_teacher():
    target = target_of(GREY, [face(60, 60, 40)], (0, 0, 192))
    own = int(np.flatnonzero(np.isfinite(target.min_logit))[0])
    truth = [tf.constant(values)[None] for values in target[1:]]
    right = outputs_with({own: MIN_LOGIT}, {own: target.points[own]})
    misses, invents = outputs_with({}, {}), outputs_with({own: MIN_LOGIT, 5: 3.0}, {own: target.points[own]})
    assert [float(loss) for loss in losses(right, misses, *truth)] == [0, 0]  # the teacher misses the face
    assert all(float(loss) > 1 for loss in losses(misses, misses, *truth))
    quiet = outputs_with({own: MIN_LOGIT, 5: MAX_BACKGROUND_LOGIT}, {own: target.points[own]})
    assert float(losses(quiet, invents, *truth)[0]) == 0  # the teacher reports one far from it
    assert float(losses(invents, invents, *truth)[0]) > 1
    surer = outputs_with({own: 4.0}, {own: target.points[own]})
    assert float(losses(surer, surer, *truth)[0]) == 0  # a teacher that is surer than required is followed
    off = outputs_with({own: MIN_LOGIT}, {own: target.points[own] + 2})
    assert float(losses(off, misses, *truth)[1]) > 0.1
