"""From samples to batches: a decoded cache on disk, door-like augmentation, label distributions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from edge.errors import BadInput
from training.networks import AGES, INPUT_SIZE
from training.recipe import Augment
from training.samples import MAX_MALFORMED_SHARE, Sample

CACHED_SIZE = 200
TINY = 16


def decode(path: Path) -> np.ndarray | None:
    """An aligned face as uint8 RGB (200, 200, 3), or None for an unreadable or tiny (< 16 px) picture."""
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    if image is None or min(image.shape[:2]) < TINY:
        return None
    if image.shape[:2] != (CACHED_SIZE, CACHED_SIZE):
        shrinking = min(image.shape[:2]) > CACHED_SIZE
        image = cv2.resize(
            image, (CACHED_SIZE, CACHED_SIZE), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def cached_faces(samples: Sequence[Sample], folder: Path) -> tuple[np.ndarray, list[Sample], list[str]]:
    """Decode once: faces uint8 (n, 200, 200, 3) mapped from ``folder``, their samples, the names that cannot be read.

    Raises:
        BadInput: more than 1 % of the images cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256("".join(sample.sha256 for sample in samples).encode()).hexdigest()[:16]
    path, index = folder / f"faces-{key}.npy", folder / f"faces-{key}.skipped.txt"
    if not index.exists():  # written last: a killed run starts over
        faces = np.lib.format.open_memmap(path, "w+", np.uint8, (len(samples), CACHED_SIZE, CACHED_SIZE, 3))
        unreadable = []
        for row, sample in enumerate(samples):
            face = decode(sample.path)
            if face is None:
                unreadable.append(str(row))
            else:
                faces[row - len(unreadable)] = face
        faces.flush()
        index.write_text("\n".join(unreadable), encoding="utf-8")
    bad = {int(row) for row in index.read_text(encoding="utf-8").split()}
    if len(bad) > MAX_MALFORMED_SHARE * len(samples):
        raise BadInput(
            f"{len(bad)} of {len(samples)} images cannot be read, more than 1 %: {samples[min(bad)].path}, …"
        )
    kept = [sample for row, sample in enumerate(samples) if row not in bad]
    # A slice stays on disk; picking rows would read gigabytes into memory.
    return np.load(path, mmap_mode="r")[: len(kept)], kept, [samples[row].path.name for row in sorted(bad)]


def age_target(age: tuple[int, int] | None, sigma: float) -> np.ndarray:
    """Label distribution float32 (101,): normals of ``sigma`` years around each year of the range; zeros if unknown."""
    if age is None:
        return np.zeros(AGES, np.float32)
    years = np.arange(AGES)[:, None]
    centres = np.arange(age[0], age[1] + 1)[None, :]
    density = np.exp(-0.5 * ((years - centres) / sigma) ** 2).sum(1)
    return (density / density.sum()).astype(np.float32)


def targets(samples: Sequence[Sample], sigma: float) -> dict[str, np.ndarray]:
    """Arrays the loss needs: ``age`` (n, 101), ``years`` (n,), ``gender`` (n,), and 0/1 masks of what is known."""
    return {
        "age": np.stack([age_target(sample.age, sigma) for sample in samples]),
        "years": np.array([sample.age_years or 0 for sample in samples], np.float32),
        "age_known": np.array([sample.age is not None for sample in samples], np.float32),
        "gender": np.array([sample.gender or 0 for sample in samples], np.float32),
        "gender_known": np.array([sample.gender is not None for sample in samples], np.float32),
    }


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The order of one epoch. It depends on the seed and the epoch alone, so a resumed run goes on where it was."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def training_batches(
    faces: np.ndarray,
    labels: dict[str, np.ndarray],
    recipe_augment: Augment,
    batch_size: int,
    seed: int,
    first_step: int,
) -> tf.data.Dataset:
    """An endless stream of augmented batches from step ``first_step`` on: (faces float32 in 0..1, labels)."""
    per_epoch = len(faces) // batch_size

    def rows() -> Iterator[tuple[np.ndarray, int]]:
        step = first_step
        while True:
            order = epoch_order(len(faces), seed, step // per_epoch)
            for batch in range(step % per_epoch, per_epoch):
                yield order[batch * batch_size : (batch + 1) * batch_size], step
                step += 1

    def load(order: np.ndarray) -> tuple[np.ndarray, ...]:
        sorted_order = np.sort(order)
        return (faces[sorted_order], *(labels[name][sorted_order] for name in labels))

    def prepare(order: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        types = [tf.uint8, *(tf.float32 for _ in labels)]
        images, *values = tf.numpy_function(load, [order], types)
        images.set_shape((batch_size, CACHED_SIZE, CACHED_SIZE, 3))
        named = dict(zip(labels, values, strict=True))
        for name, value in named.items():
            value.set_shape((batch_size, *labels[name].shape[1:]))
        return augment(images, recipe_augment, tf.stack([tf.constant(seed, tf.int64), step])), named

    signature = (tf.TensorSpec((batch_size,), tf.int64), tf.TensorSpec((), tf.int64))
    return (
        tf.data.Dataset.from_generator(rows, output_signature=signature).map(prepare, num_parallel_calls=1).prefetch(4)
    )


def augment(images: tf.Tensor, settings: Augment, seed: tf.Tensor) -> tf.Tensor:
    """Crop jitter, flips, light, shrinking, noise: uint8 (n, 200, 200, 3) -> float32 (n, 180, 180, 3) in 0..1."""
    count = tf.shape(images)[0]
    seeds = iter(tf.unstack(tf.random.split(seed, 10), num=10))

    def uniform(shape: list[tf.Tensor | int], low: float, high: float) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, next(seeds), low, high)

    x = tf.cast(images, tf.float32) / 255.0
    turn = math.radians(settings.rotation_degrees)
    angle, zoom = uniform([count], -turn, turn), uniform([count], 1 - settings.scale, 1 + settings.scale)
    shift = uniform([count, 2], -settings.shift, settings.shift) * CACHED_SIZE
    mirror = tf.sign(uniform([count], -1.0, 1.0))
    # Output pixel -> input pixel: zoom, rotate and mirror about the centre, then shift.
    factor = zoom * CACHED_SIZE / INPUT_SIZE
    a, b = factor * tf.cos(angle) * mirror, -factor * tf.sin(angle)
    c, d = factor * tf.sin(angle) * mirror, factor * tf.cos(angle)
    half_in, half_out = (CACHED_SIZE - 1) / 2, (INPUT_SIZE - 1) / 2
    tx, ty = half_in + shift[:, 0] - (a + b) * half_out, half_in + shift[:, 1] - (c + d) * half_out
    zero = tf.zeros_like(a)
    x = tf.raw_ops.ImageProjectiveTransformV3(
        images=x, transforms=tf.stack([a, b, tx, c, d, ty, zero, zero], 1), output_shape=[INPUT_SIZE, INPUT_SIZE],
        interpolation="BILINEAR", fill_mode="NEAREST", fill_value=0.0,
    )  # fmt: skip
    x = _shrink(x, settings, uniform([], 0.0, 1.0), uniform([], 0.0, 1.0))
    grey = tf.reduce_mean(x, 3, keepdims=True)
    x = grey + (x - grey) * uniform([count, 1, 1, 1], 1 - settings.saturation, 1 + settings.saturation)
    x = x * uniform([count, 1, 1, 1], 1 - settings.contrast, 1 + settings.contrast)
    level = uniform([count, 1, 1, 1], -settings.brightness, settings.brightness)
    noise_key = next(seeds)
    deviation = tf.abs(level) * (settings.noise / max(settings.brightness, 1e-6))
    x = x + level + tf.random.stateless_normal(tf.shape(x), noise_key) * deviation
    return tf.clip_by_value(x, 0.0, 1.0)


def _shrink(x: tf.Tensor, settings: Augment, dice: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
    def shrunk() -> tf.Tensor:
        size = tf.cast(settings.shrink_to + where * (INPUT_SIZE - settings.shrink_to), tf.int32)
        return tf.image.resize(tf.image.resize(x, [size, size], antialias=True), [INPUT_SIZE, INPUT_SIZE])

    return tf.cond(dice < settings.shrink_probability, shrunk, lambda: x)
