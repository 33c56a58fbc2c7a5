"""From samples to batches: decoded faces cached on disk, augmentation, and the arrays that the loss needs."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from edge.cameras.frame import Image
from edge.cameras.still import read_image
from edge.errors import BadInput
from edge.labels import AGES
from edge.vision.alignment import crop_aligned
from training.data.augment import augment
from training.data.dataset import MAX_MALFORMED_SHARE, Sample
from training.recipe import Recipe

log = logging.getLogger(__name__)
CACHED_SIZE = 200
FaceFinder = Callable[[Image], Image | None]


def read_face(path: Path, find_face: FaceFinder | None = None) -> Image | None:
    """A face as uint8 RGB (200, 200, 3), or None for a photo without a face.

    ``find_face`` cuts the face out of a photo; without it, the picture must be an aligned face already.

    Raises:
        BadInput: the picture is unreadable or tiny (< 16 px).
    """
    image = read_image(path)
    face = find_face(image) if find_face else crop_aligned(image, CACHED_SIZE)
    return None if face is None else np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2RGB), np.uint8)


def cached_faces(
    samples: Sequence[Sample], folder: Path, find_face: FaceFinder | None = None
) -> tuple[np.ndarray, list[Sample], list[str]]:
    """Decode the pictures once, into ``folder``.

    Returns the faces uint8 (n, 200, 200, 3), memory-mapped, their samples, and the file names of those left out.

    Raises:
        BadInput: more than 1 % of the pictures (and more than one) are unreadable or tiny; the message names some.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = "".join(sample.sha256 for sample in samples) + ("photos" if find_face else "")
    key = hashlib.sha256(contents.encode()).hexdigest()[:16]
    path, index = folder / f"faces-{key}.npy", folder / f"faces-{key}.skipped.txt"
    if not index.exists():  # it is written last, so a killed run starts over
        faces = np.lib.format.open_memmap(path, "w+", np.uint8, (len(samples), CACHED_SIZE, CACHED_SIZE, 3))
        left_out, unreadable = [], []
        for row, sample in enumerate(samples):
            try:
                face = read_face(sample.path, find_face)
            except BadInput as error:
                log.warning("%s", error)
                unreadable.append(str(error))
                face = None
            if len(unreadable) > max(1, MAX_MALFORMED_SHARE * len(samples)):
                raise BadInput(f"more than 1 % of {len(samples)} images cannot be used: {'; '.join(unreadable[:5])}")
            if face is None:
                left_out.append(str(row))
            else:
                faces[row - len(left_out)] = face
        faces.flush()
        index.write_text("\n".join(left_out), encoding="utf-8")
    bad = {int(row) for row in index.read_text(encoding="utf-8").split()}
    usable = [sample for row, sample in enumerate(samples) if row not in bad]
    # A slice stays on disk; selecting rows would read gigabytes into memory.
    return np.load(path, mmap_mode="r")[: len(usable)], usable, [samples[row].path.name for row in sorted(bad)]


def age_distribution(age: tuple[int, int] | None, recipe: Recipe) -> np.ndarray:
    """Label distribution float32 (101,): a normal distribution around each year of the range; zeros if unknown.

    The width grows with the age: one year changes a child's face much, and an old face hardly.
    """
    if age is None:
        return np.zeros(AGES, np.float32)
    years = np.arange(AGES)[:, None]
    centres = np.arange(age[0], age[1] + 1)[None, :]
    sigma = recipe.age_sigma + recipe.age_sigma_per_year * centres
    density = (np.exp(-0.5 * ((years - centres) / sigma) ** 2) / sigma).sum(1)
    return (density / density.sum()).astype(np.float32)


def loss_targets(samples: Sequence[Sample], recipe: Recipe) -> dict[str, np.ndarray]:
    """The float32 arrays that the loss needs: ``age`` (n, 101), ``years``, ``gender`` and two weights (n,).

    ``age_weight`` and ``gender_weight`` are 0 where the label is blank, and 1 on average elsewhere. Rare groups (decade
    of age and gender) get more weight: the group's size to the power of minus ``recipe.balance``.
    """
    groups = [(None if sample.age_years is None else int(sample.age_years // 10), sample.gender) for sample in samples]
    counts = Counter(groups)
    rarity = np.array([counts[group] ** -recipe.balance for group in groups])
    return {
        "age": np.array([age_distribution(sample.age, recipe) for sample in samples], np.float32).reshape(-1, AGES),
        "years": np.array([sample.age_years or 0 for sample in samples], np.float32),
        "gender": np.array([sample.gender or 0 for sample in samples], np.float32),
        "age_weight": _weights(rarity, np.array([sample.age is not None for sample in samples], bool)),
        "gender_weight": _weights(rarity, np.array([sample.gender is not None for sample in samples], bool)),
    }


def _weights(rarity: np.ndarray, known: np.ndarray) -> np.ndarray:
    return (rarity * known / rarity[known].mean() if known.any() else 0 * rarity).astype(np.float32)


def epoch_order(count: int, seed: int, epoch: int, extra: int = 0, extra_share: float = 1.0) -> np.ndarray:
    """The rows of one epoch, shuffled: the first ``count`` rows, and a random share of the ``extra`` rows after them.

    The result depends only on the seed and the epoch, so a resumed run continues exactly where it was.
    """
    rng = np.random.default_rng((seed, epoch))
    chosen = count + rng.permutation(extra)[: round(extra * extra_share)]
    return rng.permutation(np.concatenate([np.arange(count), chosen]))


@dataclass(frozen=True)
class TrainingSet:
    """Decoded faces and their loss targets: first the aligned faces, then those cut out of photos.

    Attributes:
        faces: arrays uint8 (n, 200, 200, 3), one for each folder.
        labels: the arrays of :func:`loss_targets`, with rows in the order of ``faces``.
        photos_share: share (0..1) of the faces out of photos that one epoch uses.
    """

    faces: Sequence[np.ndarray]
    labels: dict[str, np.ndarray]
    photos_share: float

    def rows(self, seed: int, epoch: int) -> np.ndarray:
        """The rows of an epoch, in their order."""
        return epoch_order(len(self.faces[0]), seed, epoch, sum(map(len, self.faces[1:])), self.photos_share)

    def face(self, row: int) -> np.ndarray:
        """One face, uint8 RGB (200, 200, 3)."""
        for part in self.faces:
            if row < len(part):
                return part[row]
            row -= len(part)
        raise IndexError(row)

    def __len__(self) -> int:
        """The number of faces in an epoch."""
        return len(self.rows(0, 0))


def training_batches(
    data: TrainingSet, recipe: Recipe, size: int, first_step: int, part: slice = slice(None)
) -> tf.data.Dataset:
    """An endless stream of augmented batches from step ``first_step`` on: (faces float32 in 0..1, labels).

    The augmentation of a picture depends only on the seed, the step and its place in the batch. Each of several workers
    takes its ``part`` of every batch; together they use the same pictures as a single worker would.
    """
    per_epoch, batch_size, seed = len(data) // recipe.batch_size, recipe.batch_size, recipe.seed
    places = np.arange(batch_size)[part]

    def rows() -> Iterator[tuple[np.ndarray, int]]:
        step = first_step
        while True:
            order = data.rows(seed, step // per_epoch)
            for batch in range(step % per_epoch, per_epoch):
                yield order[batch * batch_size + places], step
                step += 1

    def load(order: np.ndarray, step: int) -> tuple[np.ndarray, ...]:
        faces = [
            augment(data.face(row), size, recipe.augment, np.random.default_rng((seed, int(step), int(place))))
            for place, row in zip(places, order, strict=True)
        ]
        return (np.stack(faces), *(values[order] for values in data.labels.values()))

    def prepare(order: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        images, *values = tf.numpy_function(load, [order, step], [tf.float32] * (1 + len(data.labels)))
        images.set_shape((len(places), size, size, 3))
        named = dict(zip(data.labels, values, strict=True))
        for name, value in named.items():
            value.set_shape((len(places), *data.labels[name].shape[1:]))
        return images, named

    signature = (tf.TensorSpec((len(places),), tf.int64), tf.TensorSpec((), tf.int64))
    return (
        tf.data.Dataset.from_generator(rows, output_signature=signature).map(prepare, num_parallel_calls=2).prefetch(4)
    )
