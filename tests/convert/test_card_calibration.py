"""The calibration on a card is measured and written, and the model stays untouched."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from convert.card_calibration import main, make_calibration, recalibrate
from convert.card_numbers import round_floats
from edge.census.shares.calibration import KEY, Calibration
from edge.vision.bundle import load_bundle, shipped_models
from tests.faces import labelled_noise
from training.data.dataset import Sample, read_dataset
from training.evaluation.metrics import Predictions
from training.evaluation.predictors import PredictionResult


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return labelled_noise(tmp_path_factory.mktemp("data") / "faces", 60)


def model_of(path: Path) -> bytes:
    content = path.read_bytes()
    return content[: content.index(b"PK\x03\x04")]


def copy_of(name: str, folder: Path) -> Path:
    return Path(shutil.copy(str(Path(__file__).parents[2] / "edge/models" / f"{name}.tflite"), folder))


def test_a_bundle_is_recalibrated_and_its_model_stays_the_same(data, tmp_path):
    assert "table1" in shipped_models()
    path = copy_of("table1", tmp_path)
    before, model = load_bundle(str(path)), model_of(path)
    after = recalibrate(path, data)
    assert model_of(path) == model
    assert after.model.startswith(model)
    assert after.card.model_copy(update={"calibration": before.card.calibration}) == before.card
    validation = read_dataset(data).of("validation")
    read = Calibration.read(after.card.calibration)
    assert sorted(read.true_age.tolist()) == sorted(sample.age[0] for sample in validation)
    assert np.sum(after.card.calibration["age"]["matrix"]) == len(validation)
    content = path.read_bytes()
    assert recalibrate(path, data).sha256 == after.sha256
    assert path.read_bytes() == content


def test_faces_without_both_labels_are_left_out_of_the_table():
    samples = [
        Sample(Path("a"), "0", (30, 39), 1), Sample(Path("b"), "1", None, 0), Sample(Path("c"), "2", (50, 50), None),
    ]  # fmt: skip
    predictions = Predictions(np.array([31.7, 20, 30]), np.zeros((3, 2)), np.array([0.4, 0.1, 0.9]))
    found = make_calibration(PredictionResult(samples, predictions, [], []))
    assert found[KEY] == {"male": {}, "female": {"34": "31.7(0.0-0.0)400"}}
    assert found == round_floats(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.tflite", "--data", "."], "missing.tflite"),
        (["face", "--data", "."], "face-detection"),
    ],
)
def test_a_bundle_that_cannot_be_calibrated_is_named(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
