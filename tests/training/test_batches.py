"""Decoding, label distributions, augmentation and the order of batches."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from edge.errors import BadInput
from training.batches import age_target, augment, cached_faces, decode, epoch_order, targets, training_batches
from training.recipe import Augment, load_recipe
from training.samples import Sample

AUGMENT = load_recipe("table1").augment
NOTHING = dataclasses.replace(
    AUGMENT, rotation_degrees=0, scale=0, shift=0, brightness=0, contrast=0, saturation=0, shrink_probability=0, noise=0
)


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def picture(path: Path, image: np.ndarray) -> Sample:
    cv2.imwrite(str(path), image)
    return Sample(path, hashlib.sha256(path.name.encode()).hexdigest(), (30, 30), 1)


@pytest.mark.parametrize(
    ("age", "sigma"),
    [
        pytest.param((30, 30), 2.5, id="a year"),
        pytest.param((0, 0), 2.5, id="at the lower end"),
        pytest.param((100, 100), 2.5, id="at the upper end"),
        pytest.param((20, 29), 2.5, id="a range"),
        pytest.param((70, 100), 0.5, id="an open range"),
    ],
)
def test_the_age_target_is_a_distribution_around_the_label(age, sigma):
    target = age_target(age, sigma)
    assert target.shape == (101,)
    assert target.dtype == np.float32
    assert target.sum() == pytest.approx(1.0, abs=1e-5)
    assert age[0] <= int(target.argmax()) <= age[1]
    assert target[max(age[0] - 1, 0) : age[1] + 2].sum() > 0.3


def test_the_age_target_of_a_year_is_the_normal_of_that_width():
    target = age_target((50, 50), 2.5)
    assert target[53] / target[50] == pytest.approx(np.exp(-0.5 * (3 / 2.5) ** 2), rel=1e-4)
    assert float((target * (np.arange(101) - 50) ** 2).sum()) == pytest.approx(2.5**2, rel=1e-3)


def test_the_age_target_of_a_range_is_flat_inside_it():
    target = age_target((20, 59), 2.5)
    assert target[30:50].max() - target[30:50].min() < 1e-5
    assert target[39] == pytest.approx(1 / 40, rel=1e-3)


def test_unknown_labels_are_masked():
    samples = [
        Sample(Path("a"), "0", None, 1),
        Sample(Path("b"), "1", (20, 29), None),
        Sample(Path("c"), "2", (0, 0), 0),
    ]
    labels = targets(samples, 2.5)
    assert labels["age_known"].tolist() == [0, 1, 1]
    assert labels["gender_known"].tolist() == [1, 0, 1]
    assert labels["years"].tolist() == [0, 24.5, 0]
    assert labels["gender"].tolist() == [1, 0, 0]
    assert labels["age"].sum(1) == pytest.approx([0, 1, 1], abs=1e-5)


@pytest.mark.parametrize("shape", [(200, 200, 3), (48, 60, 3), (400, 300, 3), (64, 64)], ids=str)
def test_pictures_of_any_size_become_rgb_of_one_size(tmp_path, shape):
    image = np.full(shape, 90, np.uint8)
    if len(shape) == 3:
        image[..., 0] = 200  # blue, in OpenCV's order
    sample = picture(tmp_path / "a.png", image)
    face = decode(sample.path)
    assert face is not None
    assert (face.shape, face.dtype) == ((200, 200, 3), np.uint8)
    assert face[100, 100].tolist() == ([90, 90, 200] if len(shape) == 3 else [90, 90, 90])


@pytest.mark.parametrize("content", [pytest.param(b"", id="empty"), pytest.param(b"\xff\xd8 no picture", id="damaged")])
def test_what_is_no_picture_is_not_decoded(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert decode(path) is None


def test_a_tiny_picture_is_not_decoded(tmp_path):
    assert decode(picture(tmp_path / "a.png", noise(0, 15, 40, 3)).path) is None


def test_faces_are_decoded_once_and_unreadable_ones_skipped(tmp_path):
    samples = [picture(tmp_path / f"{index}.png", np.full((32, 32, 3), index, np.uint8)) for index in range(120)]
    samples[40].path.write_bytes(b"")
    faces, kept, unreadable = cached_faces(samples, tmp_path / "cache")
    assert unreadable == ["40.png"]
    assert [sample.path.name for sample in kept] == [f"{index}.png" for index in range(120) if index != 40]
    assert faces[:, 100, 100, 0].tolist() == [index for index in range(120) if index != 40]
    for sample in samples:
        sample.path.unlink()
    again, kept_again, unreadable_again = cached_faces(samples, tmp_path / "cache")
    assert (kept_again, unreadable_again) == (kept, unreadable)
    assert np.array_equal(again, faces)


def test_too_many_unreadable_pictures_stop(tmp_path):
    samples = [picture(tmp_path / f"{index}.png", noise(index, 32, 32, 3)) for index in range(20)]
    samples[7].path.write_bytes(b"")
    with pytest.raises(BadInput, match=r"1 of 20 images cannot be read, more than 1 %: .*7\.png"):
        cached_faces(samples, tmp_path / "cache")


def test_augmentation_keeps_shape_and_range():
    for step in range(6):  # enough for a batch that is shrunk and one that is not
        faces = augment(tf.constant(noise(step, 4, 200, 200, 3)), AUGMENT, tf.constant([1, step], tf.int64)).numpy()
        assert (faces.shape, faces.dtype) == ((4, 180, 180, 3), np.float32)
        assert 0 <= faces.min() < faces.max() <= 1


def test_augmentation_depends_on_the_seed_alone():
    images = tf.constant(noise(0, 3, 200, 200, 3))
    first, second, other = (augment(images, AUGMENT, tf.constant([1, s], tf.int64)).numpy() for s in (5, 5, 6))
    assert np.array_equal(first, second)
    assert np.abs(first - other).mean() > 0.01


def test_augmentation_that_is_switched_off_only_resizes_and_mirrors():
    smooth = cv2.resize(noise(0, 6, 6, 3), (200, 200), interpolation=cv2.INTER_CUBIC)
    plain = cv2.resize(smooth, (180, 180), interpolation=cv2.INTER_LINEAR) / np.float32(255)
    faces = augment(tf.constant(np.stack([smooth] * 8)), NOTHING, tf.constant([1, 2], tf.int64)).numpy()
    mirrored = [bool(np.abs(face[:, ::-1] - plain).max() < np.abs(face - plain).max()) for face in faces]
    assert {True, False} == set(mirrored)
    for face, flipped in zip(faces, mirrored, strict=True):
        assert np.abs((face[:, ::-1] if flipped else face) - plain).max() < 0.02


def test_an_epoch_shows_every_picture_once_in_another_order():
    first, second = epoch_order(50, 1, 0), epoch_order(50, 1, 1)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first.tolist() != second.tolist()
    assert first.tolist() == epoch_order(50, 1, 0).tolist()


def batches(first_step: int, count: int, changes: Augment = AUGMENT) -> list[tuple[np.ndarray, np.ndarray]]:
    faces = np.stack([np.full((200, 200, 3), 10 * index, np.uint8) for index in range(10)])
    labels = targets([Sample(Path("x"), "0", (index, index), index % 2) for index in range(10)], 2.5)
    stream = training_batches(faces, labels, changes, 3, 7, first_step)
    return [(x.numpy(), y["years"].numpy()) for x, y in itertools.islice(iter(stream), count)]


def test_a_resumed_stream_goes_on_like_the_uninterrupted_one():
    whole, resumed = batches(0, 8), batches(5, 3)  # three batches an epoch, so this starts inside the second
    for (faces, years), (faces_again, years_again) in zip(whole[5:], resumed, strict=True):
        assert years.tolist() == years_again.tolist()
        assert np.array_equal(faces, faces_again)


def test_labels_stay_with_their_faces_and_epochs_differ():
    stream = batches(0, 6, NOTHING)
    for faces, years in stream:
        assert faces.mean((1, 2, 3)) * 25.5 == pytest.approx(years, abs=0.01)
    first, second = ([y for _, years in part for y in years] for part in (stream[:3], stream[3:]))
    assert len(set(first)) == 9
    assert first != second
