"""The predictions of teachers, and how they are mixed into labels."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from edge.errors import BadInput
from training.data.batches import loss_targets
from training.data.dataset import Sample
from training.fit.distillation import Teacher, TeacherPrediction, concatenate, distilled_labels, mean_prediction
from training.networks.registry import NETWORKS
from training.recipe import load_recipe

pytestmark = pytest.mark.slow

RECIPE = load_recipe("mobile")
SAMPLES = [
    Sample(Path("a"), "0a", (30, 30), 1),
    Sample(Path("b"), "1b", None, 0),
    Sample(Path("c"), "2c", (8, 9), None),
]


def prediction(years: list[int], female: list[float]) -> TeacherPrediction:
    return TeacherPrediction(np.eye(101, dtype=np.float32)[years], np.array(female, np.float32))


@pytest.fixture
def labels() -> dict[str, np.ndarray]:
    return loss_targets(SAMPLES, RECIPE)


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_a_known_label_is_mixed_with_the_prediction(labels, weight):
    mixed = distilled_labels(labels, prediction([40, 20, 10], [0.6, 0.3, 0.5]), weight)
    assert mixed["years"][0] == pytest.approx(30 + weight * 10)
    assert mixed["gender"][:2] == pytest.approx([1 - weight * 0.4, weight * 0.3])
    assert mixed["age"].sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert mixed["age"][0, 40] == pytest.approx(labels["age"][0, 40] * (1 - weight) + weight)
    assert mixed["age_weight"][[0, 2]] == pytest.approx(labels["age_weight"][[0, 2]])


def test_an_unlabelled_age_becomes_the_prediction_with_less_weight(labels):
    mixed = distilled_labels(labels, prediction([40, 20, 10], [0.6, 0.3, 0.5]), 0.25)
    assert labels["age_weight"][1] == 0
    assert (mixed["age"][1].argmax(), mixed["years"][1], mixed["age_weight"][1]) == (20, 20, 0.25)


def test_an_unlabelled_gender_stays_unknown(labels):
    assert distilled_labels(labels, prediction([40, 20, 10], [0.6, 0.3, 0.5]), 0.5)["gender_weight"][2] == 0


def test_several_teachers_are_averaged():
    both = mean_prediction([prediction([40, 20], [0.6, 0.3]), prediction([42, 20], [0.8, 0.1])])
    assert both.age[0, [40, 42]] == pytest.approx([0.5, 0.5])
    assert both.age[1, 20] == 1
    assert both.female == pytest.approx([0.7, 0.2])


def test_predictions_of_several_sets_are_concatenated():
    both = concatenate([prediction([40], [0.6]), prediction([20, 10], [0.3, 0.1])])
    assert both.age.argmax(1).tolist() == [40, 20, 10]
    assert both.female == pytest.approx([0.6, 0.3, 0.1])


@pytest.fixture(scope="module")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("teacher") / "model.keras"
    NETWORKS["table1"]().save(path)
    return path


def test_a_teacher_predicts_what_its_network_predicts_and_caches_it(network_file, tmp_path):
    faces = np.random.default_rng(1).integers(0, 256, (3, 200, 200, 3), np.uint8)
    teacher = Teacher(network_file)
    first = teacher.predict(faces, SAMPLES, tmp_path)
    assert first.age.sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert ((first.female > 0) & (first.female < 1)).all()
    kept = sorted(tmp_path.iterdir())
    # They are read from the cache: other faces with the same samples give the same.
    again = teacher.predict(np.zeros_like(faces), SAMPLES, tmp_path)
    assert np.array_equal(first.age, again.age)
    assert np.array_equal(first.female, again.female)
    other = teacher.predict(np.zeros_like(faces), SAMPLES[::-1], tmp_path)
    assert not np.array_equal(first.age, other.age)
    assert len(sorted(tmp_path.iterdir())) == 2 * len(kept)


def test_a_teacher_brings_the_licence_of_its_training_data(network_file):
    run = network_file.with_name("run.json")
    assert "licence" not in Teacher(network_file).facts
    run.write_text(json.dumps({"recipe": {"network": "table1"}, "data": [{"about": "faces", "licence": "research"}]}))
    assert Teacher(network_file).facts["licence"] == "research"


def test_a_teacher_predicts_the_same_for_a_face_and_its_mirror_image(network_file, tmp_path):
    faces = np.random.default_rng(1).integers(0, 256, (3, 200, 200, 3), np.uint8)
    teacher = Teacher(network_file)
    one, other = (teacher.predict(f, SAMPLES, tmp_path / n) for f, n in ((faces, "a"), (faces[:, :, ::-1], "b")))
    assert one.age == pytest.approx(other.age, abs=1e-6)
    assert one.female == pytest.approx(other.female, abs=1e-6)


def test_a_file_that_is_not_a_network_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.keras: no such Keras file"):
        Teacher(tmp_path / "gone.keras")
