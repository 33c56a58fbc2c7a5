"""``python -m training.detector.train --data UTKFACE --out face.keras``: the face detector, made fit for eight
bits.

The published float network, its channels equalised, goes on to learn while it computes as its INT8 form will
(:mod:`training.detector.quantisation_aware`). What it learns is what the float network says, and where that is wrong,
the truth (:mod:`training.detector.targets`). Only faces of the training split are used.
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
from training.data.dataset import list_samples
from training.data.face_crops import read_chips
from training.detector.backgrounds import Backdrops
from training.detector.blazeface import (
    PARTS,
    PIXEL_SCALE,
    PIXEL_ZERO,
    blazeface,
    load_published,
    take_cells,
    take_pixels,
)
from training.detector.import_published import fetch, published_bundle
from training.detector.published_convolutions import convolutions
from training.detector.quantisation_aware import Range, Trained, measured
from training.detector.targets import Lesson, lessons
from training.networks.equalisation import equalise
from training.script import written

log = logging.getLogger(__name__)
STEPS, BATCH, RATE = 900, 8, 1e-4
WARM_UP = 30
FACES = 2000
"""Of the training split, drawn by the seed."""
PICTURES = 48
"""Squares over which channels are equalised and ranges measured."""
PIXELS: Range = (-PIXEL_ZERO * PIXEL_SCALE, (255 - PIXEL_ZERO) * PIXEL_SCALE)
QUIET = -3.0
"""Largest logit (a probability of 5 %) far from every face."""
HEARD = -3.0
"""Where neither network gives a logit above, little depends on it."""
ALARM = -1.0
"""An anchor far from every face that gives a higher logit is about to see one there."""
OWN_WEIGHT, ALARM_WEIGHT, QUIET_WEIGHT = 8.0, 4.0, 0.05
"""Of a face's own anchor, of alarms, and of anchors below :data:`HEARD`, beside 1 of all others."""
PLACED = -1.5
"""Boxes and landmarks of anchors with a lower logit are never used."""
FINENESS = 20.0
"""A box or landmark that is off by this fraction of a face's side costs as much as one logit."""
SAID_EVERY = 20


def prepared(pictures: Sequence[np.ndarray]) -> keras.Model:
    """The published network with pixels and cells as ours has them, equalised over squares of float32 pixels."""
    network = blazeface()
    load_published(network, convolutions(fetch()))
    take_pixels(network)
    take_cells(network)
    equalise(network, pictures)
    return network


def real(pixels: np.ndarray) -> np.ndarray:
    """What the network takes for uint8 pixels."""
    return (pixels.astype(np.float32) - np.float32(PIXEL_ZERO)) * np.float32(PIXEL_SCALE)


def train(data: Path, out: Path, steps: int = STEPS, seed: int = 1, faces: int = FACES) -> None:
    """Train and write the Keras file.

    Raises:
        BadInput: ``data`` cannot be used.
        MaitredError: the published network cannot be had.
    """
    keras.utils.clear_session()
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    cv2.setNumThreads(1)
    squares = _squares(data, seed, faces)
    shown = [real(next(squares).pixels) for _ in range(PICTURES)]
    teacher = prepared(shown)
    # The input's range is fixed; one pixel at either end is all that a picture needs for it.
    learner = keras.models.clone_model(teacher)
    learner.set_weights(teacher.get_weights())
    trained = Trained(learner, PIXELS, measured(learner, shown))
    step = _step(trained, teacher, steps)
    losses: list[list[float]] = []
    for number in range(1, steps + 1):
        batch = Lesson(*(np.stack(values) for values in zip(*itertools.islice(squares, BATCH), strict=True)))
        losses.append([float(loss) for loss in step(real(batch.pixels), *batch[1:])])
        if number % SAID_EVERY == 0 or number == steps:
            scores, places = np.mean(losses[-SAID_EVERY:], axis=0)
            log.info("step %d of %d: scores %.4f, boxes and landmarks %.4f", number, steps, scores, places)
    out.parent.mkdir(parents=True, exist_ok=True)
    trained.network().save(out)


def _squares(data: Path, seed: int, count: int) -> Iterator[Lesson]:
    rng = np.random.default_rng(seed)
    samples = sorted(list_samples(data).of("train"), key=lambda sample: sample.sha256)
    drawn = [samples[row] for row in rng.permutation(len(samples))[:count]]
    chips = read_chips(drawn, FaceDetector(published_bundle(), 1))
    log.info("%d faces, %d of which the float detector sees", len(chips), sum(chip.seen for chip in chips))
    return lessons(chips, Backdrops(chips, rng), seed)


def _step(trained: Trained, teacher: keras.Model, steps: int):  # type: ignore[no-untyped-def]  # a tf.function
    schedule = keras.optimizers.schedules.CosineDecay(
        RATE / WARM_UP, steps, warmup_target=RATE, warmup_steps=min(WARM_UP, steps // 4)
    )
    optimizer = keras.optimizers.Adam(schedule)
    variables = trained.variables
    optimizer.build(variables)

    @tf.function
    def step(pixels, least, free, points, size):  # type: ignore[no-untyped-def]
        told = teacher(pixels)
        with tf.GradientTape() as tape:
            scores, places = losses(trained(pixels), told, least, free, points, size)
            both = scores + places
        optimizer.apply_gradients(zip(tape.gradient(both, variables), variables, strict=True))
        return scores, places

    return step


def losses(
    answers: Sequence[tf.Tensor], told: Sequence[tf.Tensor], least: tf.Tensor, free: tf.Tensor, points: tf.Tensor,
    size: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:  # fmt: skip
    """Loss of the scores and of boxes and landmarks for each square; the rest is of :class:`Lesson`, in batches."""
    logits, placed = _unpacked(answers)
    said, said_places = _unpacked(told)
    own = tf.math.is_finite(least)
    wanted = tf.where(own, tf.maximum(said, least), tf.where(free, tf.minimum(said, QUIET), said))
    matters = tf.maximum(tf.maximum(said, tf.stop_gradient(logits)), wanted) > HEARD
    weight = tf.where(matters, 1.0, QUIET_WEIGHT)
    weight = tf.where(own, OWN_WEIGHT, tf.where(free & (logits > ALARM), ALARM_WEIGHT, weight))
    scores = tf.reduce_sum(weight * _huber(logits - wanted), 1)
    # Where a face's own anchor is, the composition knows its place; beside it the teacher does.
    target = tf.where(own[..., None], points, said_places)
    side = tf.where(own, size, tf.maximum(tf.sqrt(tf.maximum(said_places[..., 2] * said_places[..., 3], 0)), 8.0))
    used = tf.cast(own | (~free & (said > PLACED)), tf.float32)
    off = (placed - target) * FINENESS / side[..., None]
    places = tf.reduce_sum(used * tf.reduce_mean(_huber(off), -1), 1)
    return tf.reduce_mean(scores), tf.reduce_mean(places)


def _unpacked(outputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Logits (n, 2304), and boxes and landmarks (n, 2304, 16) in pixels."""
    scores, *rest = (values * part.factor for values, part in zip(outputs, PARTS, strict=True))
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
    return written(options.out, lambda: train(options.data, options.out, options.steps, options.seed))


if __name__ == "__main__":
    raise SystemExit(main())
