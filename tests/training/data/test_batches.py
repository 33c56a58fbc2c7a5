"""Decoding, faces cut out of photos, age distributions, weights of labels, and the order of batches."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config.detection import Detection as DetectionSettings
from edge.demo import CLIP
from edge.errors import BadInput
from edge.vision.bundle import load_bundle
from edge.vision.detector import FaceDetector
from edge.vision.tiling import find_faces
from training.data.alignment_reference import CROP, REFERENCE
from training.data.augment import augment
from training.data.batches import (
    CACHED_SIZE,
    TrainingSet,
    age_distribution,
    cached_faces,
    epoch_order,
    loss_targets,
    read_face,
    training_batches,
)
from training.data.dataset import Sample
from training.evaluation.predictors import FaceCropper
from training.recipe import load_recipe

pytestmark = pytest.mark.slow

RECIPE = dataclasses.replace(
    load_recipe("table1"), age_sigma=1.0, age_sigma_per_year=0.04, balance=0.2, photos_share=0.5
)
# The first frame of the demo clip shows an empty room, these one patron each, near the camera.
NOBODY, PATRONS = 0, (60, 75, 150)


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def picture(path: Path, image: np.ndarray) -> Sample:
    cv2.imwrite(str(path), image)
    return Sample(path, hashlib.sha256(path.name.encode()).hexdigest(), (30, 30), 1)


def sample(age: tuple[int, int] | None, gender: int | None) -> Sample:
    return Sample(Path("x"), "0", age, gender)


def cut_face():
    """The function that cuts the face out of a photo, with the agent's own detector and crop."""
    return FaceCropper(CROP, CACHED_SIZE).crop


# --- pictures


@pytest.mark.parametrize("shape", [(200, 200, 3), (48, 60, 3), (400, 300, 3), (64, 64)], ids=str)
def test_pictures_of_any_size_become_rgb_of_one_size(tmp_path, shape):
    image = np.full(shape, 90, np.uint8)
    if len(shape) == 3:
        image[..., 0] = 200  # blue, in OpenCV's order
    face = read_face(picture(tmp_path / "a.png", image).path)
    assert face is not None
    assert (face.shape, face.dtype) == ((200, 200, 3), np.uint8)
    assert face[100, 100].tolist() == ([90, 90, 200] if len(shape) == 3 else [90, 90, 90])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\xff\xd8 no picture", "is not an image", id="damaged"),
        pytest.param(cv2.imencode(".png", noise(0, 15, 40, 3))[1].tobytes(), "is too small to hold a face", id="tiny"),
    ],
)
def test_an_unusable_picture_is_refused_by_name(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=rf"a\.jpg {reason}"):
        read_face(path)


def test_faces_are_decoded_once_and_unusable_ones_are_listed_and_skipped(tmp_path, caplog):
    samples = [picture(tmp_path / f"{index}.png", np.full((32, 32, 3), index, np.uint8)) for index in range(120)]
    samples[40].path.write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        faces, kept, left_out = cached_faces(samples, tmp_path / "cache")
    assert left_out == ["40.png"]
    assert "40.png is empty" in caplog.text
    assert [one.path.name for one in kept] == [f"{index}.png" for index in range(120) if index != 40]
    assert faces[:, 100, 100, 0].tolist() == [index for index in range(120) if index != 40]
    for one in samples:
        one.path.unlink()
    again, kept_again, left_out_again = cached_faces(samples, tmp_path / "cache")
    assert (kept_again, left_out_again) == (kept, left_out)
    assert np.array_equal(again, faces)


@pytest.mark.parametrize("photos_too", [False, True], ids=["aligned", "photos"])
def test_more_than_one_per_cent_of_unusable_pictures_stops_and_names_some(tmp_path, photos_too):
    samples = [picture(tmp_path / f"{index}.png", noise(index, 32, 32, 3)) for index in range(20)]
    samples[7].path.write_bytes(b"")
    picture(samples[9].path, noise(9, 32, 8, 3))
    for _ in range(2):  # the next run must not mistake the part that was decoded for the whole
        with pytest.raises(BadInput, match=r"1 % of 20 images .*: .*7\.png is empty.*; .*9\.png is too small"):
            cached_faces(samples, tmp_path / "cache", cut_face() if photos_too else None)


def test_without_pictures_there_are_no_faces_and_no_targets(tmp_path):
    faces, kept, left_out = cached_faces([], tmp_path / "cache")
    assert (faces.shape, kept, left_out) == ((0, 200, 200, 3), [], [])
    assert {name: values.shape for name, values in loss_targets([], RECIPE).items()} == {
        "age": (0, 101), "years": (0,), "gender": (0,), "age_weight": (0,), "gender_weight": (0,),
    }  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Whole frames of the demo clip: one of an empty room, three of a patron."""
    folder = tmp_path_factory.mktemp("photos")
    clip = cv2.VideoCapture(str(CLIP))
    frames = [clip.read()[1] for _ in range(max(PATRONS) + 1)]
    return [picture(folder / f"{number}.png", frames[number]) for number in (NOBODY, *PATRONS)]


def test_faces_are_cut_out_of_photos_as_the_networks_need_them(photos, tmp_path):
    faces, kept, left_out = cached_faces(photos, tmp_path, cut_face())
    assert left_out == [f"{NOBODY}.png"]
    assert [one.path.name for one in kept] == [f"{number}.png" for number in PATRONS]
    detector = FaceDetector(load_bundle(DetectionSettings().model), 1, 0.5)
    for face in faces:
        framed = cv2.copyMakeBorder(face[..., ::-1].copy(), 100, 100, 100, 100, cv2.BORDER_REPLICATE)
        (found,) = find_faces(framed, detector, 60)
        assert np.abs((found.landmarks[:4] - 100) / CACHED_SIZE - REFERENCE).max() < 0.06


def test_photos_and_aligned_faces_of_the_same_files_are_cached_separately(photos, tmp_path):
    whole, _, _ = cached_faces(photos[1:], tmp_path)
    cut, _, _ = cached_faces(photos[1:], tmp_path, cut_face())
    assert np.abs(whole.astype(int) - cut).mean() > 10
    assert np.array_equal(cached_faces(photos[1:], tmp_path)[0], whole)


# --- targets


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
def test_the_age_distribution_is_centred_on_the_label(age, sigma):
    target = age_distribution(age, dataclasses.replace(RECIPE, age_sigma=sigma))
    assert target.shape == (101,)
    assert target.dtype == np.float32
    assert target.sum() == pytest.approx(1.0, abs=1e-5)
    assert age[0] <= int(target.argmax()) <= age[1]
    assert target[max(age[0] - 1, 0) : age[1] + 2].sum() > 0.2


@pytest.mark.parametrize("age", [10, 30, 50, 80])
def test_the_age_distribution_of_a_year_is_a_normal_that_widens_with_the_age(age):
    target = age_distribution((age, age), RECIPE)
    sigma = 1.0 + 0.04 * age
    assert target[age + 3] / target[age] == pytest.approx(np.exp(-0.5 * (3 / sigma) ** 2), rel=1e-4)
    assert float((target * (np.arange(101) - age) ** 2).sum()) == pytest.approx(sigma**2, rel=1e-2)


def test_the_age_distribution_of_a_range_is_flat_over_its_years():
    flat = age_distribution((20, 59), dataclasses.replace(RECIPE, age_sigma=2.5, age_sigma_per_year=0.0))
    assert flat[30:50].max() - flat[30:50].min() < 1e-5
    assert flat[39] == pytest.approx(1 / 40, rel=1e-3)
    widening = age_distribution((20, 59), RECIPE)
    assert np.abs(widening[30:45] * 40 - 1).max() < 0.1
    # The distribution is wider at the older end.
    assert widening[60:].sum() > 1.5 * widening[:20].sum()


def test_unknown_labels_have_no_weight():
    labels = loss_targets([sample(None, 1), sample((20, 29), None), sample((0, 0), 0)], RECIPE)
    assert {values.dtype for values in labels.values()} == {np.dtype(np.float32)}
    assert labels["age_weight"].tolist() == [0, 1, 1]
    assert labels["gender_weight"].tolist() == [1, 0, 1]
    assert labels["years"].tolist() == [0, 24.5, 0]
    assert labels["gender"].tolist() == [1, 0, 0]
    assert labels["age"].sum(1) == pytest.approx([0, 1, 1], abs=1e-5)


@pytest.mark.parametrize(
    ("age", "gender"), [pytest.param(None, 1, id="no ages"), pytest.param((20, 20), None, id="no genders")]
)
def test_a_dataset_without_one_of_the_labels_has_no_weight_there(age, gender):
    labels = loss_targets([sample(age, gender)] * 3, RECIPE)
    assert labels["age_weight"].tolist() == [0 if age is None else 1] * 3
    assert labels["gender_weight"].tolist() == [0 if gender is None else 1] * 3


@pytest.mark.parametrize("balance", [0.0, 0.2, 1.0])
def test_rare_groups_of_decade_and_gender_weigh_more(balance):
    # Sixteen men of 20-29, four of 30-39, one woman of 20-29: the middle of a range counts.
    crowd = [sample((20 + year % 10,) * 2, 0) for year in range(16)] + [sample((30, 39), 0)] * 4 + [sample((25, 25), 1)]
    labels = loss_targets(crowd, dataclasses.replace(RECIPE, balance=balance))
    for weights in (labels["age_weight"], labels["gender_weight"]):
        assert weights.mean() == pytest.approx(1, rel=1e-5)
        assert np.ptp(weights[:16]) == np.ptp(weights[16:20]) == 0
        assert weights[16] / weights[0] == pytest.approx(4**balance, rel=1e-5)
        assert weights[20] / weights[0] == pytest.approx(16**balance, rel=1e-5)


# --- order


def test_an_epoch_has_every_picture_once_in_a_new_order():
    first, second = epoch_order(50, 1, 0), epoch_order(50, 1, 1)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first.tolist() != second.tolist()
    assert first.tolist() == epoch_order(50, 1, 0).tolist()
    assert first.tolist() != epoch_order(50, 2, 0).tolist()


def test_an_epoch_mixes_in_a_new_share_of_the_extra_pictures():
    epochs = [epoch_order(50, 1, epoch, extra=20, extra_share=0.25) for epoch in range(40)]
    extras = [set(order[order >= 50].tolist()) for order in epochs]
    for order, extra in zip(epochs, extras, strict=True):
        assert sorted(order[order < 50]) == list(range(50))
        assert len(order) == 55
        assert len(extra) == 5
        assert extra <= set(range(50, 70))
    assert extras[0] != extras[1]
    assert set.union(*extras) == set(range(50, 70))
    last_places = np.concatenate([np.flatnonzero(order >= 50) for order in epochs])
    assert last_places.min() < 15  # mixed in, not appended
    assert last_places.max() > 40


def levels(first: int, count: int) -> np.ndarray:
    """Plain pictures, each with the brightness of its row."""
    return np.stack([np.full((200, 200, 3), 10 * row, np.uint8) for row in range(first, first + count)])


def training_set(*parts: int) -> TrainingSet:
    """A training set with parts of the given sizes; a picture's age is its row."""
    ends = [0, *itertools.accumulate(parts)]
    faces = [levels(first, count) for first, count in zip(ends, parts, strict=False)]
    return TrainingSet(faces, loss_targets([sample((row, row), row % 2) for row in range(ends[-1])], RECIPE), 0.5)


def test_a_training_set_finds_each_row_in_the_right_part():
    data = training_set(4, 3, 2)
    assert [int(data.face(row)[0, 0, 0]) for row in range(9)] == [10 * row for row in range(9)]
    with pytest.raises(IndexError):
        data.face(9)
    assert len(data) == 4 + 2  # half of five photos, rounded to even
    assert len(training_set(4)) == 4


OFF = dataclasses.replace(
    RECIPE.augment, brightness=0, contrast=0, gamma=0, saturation=0, tint=0, occlude_probability=0,
    noise_probability=0, jpeg_probability=0,
)  # fmt: skip


def batches(first_step: int, count: int, data: TrainingSet, changes=RECIPE.augment):
    stream = training_batches(data, dataclasses.replace(RECIPE, augment=changes, batch_size=3, seed=7), 180, first_step)
    return [
        (x.numpy(), {name: y.numpy() for name, y in labels.items()}) for x, labels in itertools.islice(stream, count)
    ]


def test_a_resumed_stream_continues_like_the_uninterrupted_one():
    data = training_set(8, 4)
    whole, resumed = batches(0, 8, data), batches(5, 3, data)  # three batches an epoch, so this is inside the second
    for (faces, labels), (faces_again, labels_again) in zip(whole[5:], resumed, strict=True):
        assert np.array_equal(faces, faces_again)
        for name in labels:
            assert np.array_equal(labels[name], labels_again[name])


def test_labels_stay_with_their_faces_and_epochs_differ():
    data = training_set(8, 4)
    stream = batches(0, 6, data, OFF)
    for faces, labels in stream:
        assert (faces.shape, faces.dtype) == ((3, 180, 180, 3), np.float32)
        rows = labels["years"].astype(int)
        assert faces.mean((1, 2, 3)) * 25.5 == pytest.approx(rows, abs=0.01)
        for name, values in data.labels.items():
            assert np.array_equal(labels[name], values[rows])
    first, second = ([y for _, labels in part for y in labels["years"]] for part in (stream[:3], stream[3:]))
    assert len(set(first)) == len(set(second)) == 9
    assert first != second


def test_the_augmentation_of_a_picture_follows_from_seed_step_and_place():
    data = TrainingSet(
        [noise(0, 7, 200, 200, 3)], loss_targets([sample((row, row), 0) for row in range(7)], RECIPE), 0.0
    )
    for step, (faces, labels) in enumerate(batches(0, 3, data)):
        for place, (face, row) in enumerate(zip(faces, labels["years"].astype(int), strict=True)):
            rng = np.random.default_rng((7, step, place))
            assert np.array_equal(face, augment(data.face(row), 180, RECIPE.augment, rng))
