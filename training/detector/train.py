"""``python -m training.detector.train --data UTKFACE --out face.keras``: quantisation-aware training of the detector.

Training starts from the published float network, its channels equalised, and every step computes as the INT8 form will
(:mod:`training.detector.quantisation_aware`). The network learns the float network's outputs, and the truth where those
are wrong (:mod:`training.detector.targets`). Only faces of the training split are used.
"""

from __future__ import annotations

import argparse
import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from edge.vision.detector import FaceDetector
from training.data.dataset import read_dataset
from training.data.face_crops import read_face_crops
from training.detector.backgrounds import Backgrounds
from training.detector.blazeface import (
    OUTPUTS,
    PIXEL_SCALE,
    PIXEL_ZERO,
    blazeface,
    fold_pixel_scale,
    load_published,
    use_cell_centres,
)
from training.detector.import_published import fetch_model, published_bundle
from training.detector.published_convolutions import read_convolutions
from training.detector.quantisation_aware import Range, TrainableNetwork, measure_ranges
from training.detector.targets import TrainingTarget, training_targets
from training.networks.equalisation import equalise
from training.script import run_program

log = logging.getLogger(__name__)
STEPS, BATCH, RATE = 900, 8, 1e-4
WARM_UP = 30
FACES = 2000
"""Faces of the training split, chosen by the seed."""
EQUALISATION_SQUARES = 48
"""Squares on which channels are equalised and ranges are measured."""
PIXELS: Range = (-PIXEL_ZERO * PIXEL_SCALE, (255 - PIXEL_ZERO) * PIXEL_SCALE)
MAX_BACKGROUND_LOGIT = -3.0
"""Largest logit allowed far from every face (a probability of 5 %)."""
MIN_WEIGHTED_LOGIT = -3.0
"""Anchors for which neither network gives a higher logit get the weight :data:`LOW_LOGIT_WEIGHT`."""
FALSE_ALARM_LOGIT = -1.0
"""An anchor far from every face that gives a higher logit counts as a false alarm."""
OWN_ANCHOR_WEIGHT, FALSE_ALARM_WEIGHT, LOW_LOGIT_WEIGHT = 8.0, 4.0, 0.05
"""Weights in the loss: of a face's own anchor, of false alarms, and of low logits; all other anchors have 1."""
MIN_USED_LOGIT = -1.5
"""Boxes and landmarks of anchors with a lower logit are not trained, because they are never used."""
BOX_ERROR_SCALE = 20.0
"""A box or landmark that is off by 1/20 of a face's side costs as much as a logit that is off by 1."""
STEPS_PER_LOG_LINE = 20


def equalised_network(pictures: Sequence[np.ndarray]) -> keras.Model:
    """The published network with our input scale and cell centres, equalised over squares of float32 pixels."""
    network = blazeface()
    load_published(network, read_convolutions(fetch_model()))
    fold_pixel_scale(network)
    use_cell_centres(network)
    equalise(network, pictures)
    return network


def to_network_input(pixels: np.ndarray) -> np.ndarray:
    """The network's float32 input for uint8 pixels."""
    return (pixels.astype(np.float32) - np.float32(PIXEL_ZERO)) * np.float32(PIXEL_SCALE)


def train(data: Path, out: Path, steps: int = STEPS, seed: int = 1, faces: int = FACES) -> None:
    """Train and write the Keras file.

    Raises:
        BadInput: ``data`` cannot be used.
        MaitredError: the published network cannot be downloaded.
    """
    keras.utils.clear_session()
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    cv2.setNumThreads(1)
    squares = _squares(data, seed, faces)
    inputs = [to_network_input(next(squares).pixels) for _ in range(EQUALISATION_SQUARES)]
    teacher = equalised_network(inputs)
    learner = keras.models.clone_model(teacher)
    learner.set_weights(teacher.get_weights())
    trainable = TrainableNetwork(learner, PIXELS, measure_ranges(learner, inputs))
    step = _step(trainable, teacher, steps)
    losses: list[list[float]] = []
    for number in range(1, steps + 1):
        batch = TrainingTarget(*(np.stack(values) for values in zip(*itertools.islice(squares, BATCH), strict=True)))
        losses.append([float(loss) for loss in step(to_network_input(batch.pixels), *batch[1:])])
        if number % STEPS_PER_LOG_LINE == 0 or number == steps:
            score_loss, point_loss = np.mean(losses[-STEPS_PER_LOG_LINE:], axis=0)
            log.info("step %d of %d: scores %.4f, boxes and landmarks %.4f", number, steps, score_loss, point_loss)
    out.parent.mkdir(parents=True, exist_ok=True)
    trainable.network().save(out)


def _squares(data: Path, seed: int, count: int) -> Iterator[TrainingTarget]:
    rng = np.random.default_rng(seed)
    samples = sorted(read_dataset(data).of("train"), key=lambda sample: sample.sha256)
    drawn = [samples[row] for row in rng.permutation(len(samples))[:count]]
    crops = read_face_crops(drawn, FaceDetector(published_bundle(), 1))
    log.info("%d faces, %d of which the float detector finds", len(crops), sum(crop.detected for crop in crops))
    return training_targets(crops, Backgrounds(crops, rng), seed)


def _step(trainable: TrainableNetwork, teacher: keras.Model, steps: int):  # type: ignore[no-untyped-def]  # a tf.function
    schedule = keras.optimizers.schedules.CosineDecay(
        RATE / WARM_UP, steps, warmup_target=RATE, warmup_steps=min(WARM_UP, steps // 4)
    )
    optimizer = keras.optimizers.Adam(schedule)
    variables = trainable.variables
    optimizer.build(variables)

    @tf.function
    def step(pixels, min_logit, background, points, size):  # type: ignore[no-untyped-def]
        teacher_outputs = teacher(pixels)
        with tf.GradientTape() as tape:
            score_loss, point_loss = losses(trainable(pixels), teacher_outputs, min_logit, background, points, size)
            both = score_loss + point_loss
        optimizer.apply_gradients(zip(tape.gradient(both, variables), variables, strict=True))
        return score_loss, point_loss

    return step


def losses(
    outputs: Sequence[tf.Tensor], teacher_outputs: Sequence[tf.Tensor], min_logit: tf.Tensor, background: tf.Tensor,
    points: tf.Tensor, size: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:  # fmt: skip
    """Loss of the scores, and of the boxes and landmarks, averaged over a batch of squares.

    The last four arguments are the fields of :class:`TrainingTarget`, stacked to a batch.
    """
    logits, predicted_points = _unpacked(outputs)
    teacher_logits, teacher_points = _unpacked(teacher_outputs)
    own = tf.math.is_finite(min_logit)
    target_logits = tf.where(
        own,
        tf.maximum(teacher_logits, min_logit),
        tf.where(background, tf.minimum(teacher_logits, MAX_BACKGROUND_LOGIT), teacher_logits),
    )
    matters = tf.maximum(tf.maximum(teacher_logits, tf.stop_gradient(logits)), target_logits) > MIN_WEIGHTED_LOGIT
    weight = tf.where(matters, 1.0, LOW_LOGIT_WEIGHT)
    weight = tf.where(
        own, OWN_ANCHOR_WEIGHT, tf.where(background & (logits > FALSE_ALARM_LOGIT), FALSE_ALARM_WEIGHT, weight)
    )
    score_loss = tf.reduce_sum(weight * _huber(logits - target_logits), 1)
    # A face's own anchor learns the place from the composition, other anchors learn it from the teacher.
    target_points = tf.where(own[..., None], points, teacher_points)
    side = tf.where(own, size, tf.maximum(tf.sqrt(tf.maximum(teacher_points[..., 2] * teacher_points[..., 3], 0)), 8.0))
    used = tf.cast(own | (~background & (teacher_logits > MIN_USED_LOGIT)), tf.float32)
    off = (predicted_points - target_points) * BOX_ERROR_SCALE / side[..., None]
    point_loss = tf.reduce_sum(used * tf.reduce_mean(_huber(off), -1), 1)
    return tf.reduce_mean(score_loss), tf.reduce_mean(point_loss)


def _unpacked(outputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Logits (n, 2304), and boxes and landmarks (n, 2304, 16) in pixels."""
    scores, *rest = (values * part.factor for values, part in zip(outputs, OUTPUTS, strict=True))
    return scores[..., 0], tf.concat(rest, -1)


def _huber(off: tf.Tensor) -> tf.Tensor:
    far = tf.abs(off)
    return tf.where(far < 1, 0.5 * off * off, far - 0.5)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.detector.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="UTKFACE", help="aligned faces")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.keras", help="Keras file to write")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of {BATCH} squares each ({STEPS})")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same network (1)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return run_program(options.out, lambda: train(options.data, options.out, options.steps, options.seed))


if __name__ == "__main__":
    raise SystemExit(main())
