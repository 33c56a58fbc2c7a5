"""A real, tiny training run of the real network: it learns, is killed and resumed, and writes its records."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from edge.cli import main
from edge.errors import BadInput, MaitredError
from training.data.batches import loss_targets
from training.data.dataset import Sample, read_dataset
from training.fit import train
from training.fit.distillation import Teacher
from training.fit.loss import learning_rate_schedule, loss_of
from training.fit.train import TrainingData, TrainingRun
from training.networks.checkpoint import load_network
from training.networks.registry import NETWORKS
from training.recipe import RECIPES, Recipe, load_recipe

pytestmark = pytest.mark.slow

RECIPE = dataclasses.replace(load_recipe("table1"), epochs=6, batch_size=8, warmup_steps=2, ema_decay=0.7)


KILLED_AT = 8
LAST_CHECKPOINT = 6


class Killed(Exception):
    """Stands for the end of the process: the run writes nothing after it."""


@pytest.fixture(scope="module")
def faces(coloured_faces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return coloured_faces(tmp_path_factory.mktemp("faces"), 48)


@pytest.fixture(scope="module", autouse=True)
def _frequent_checkpoints():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "STEPS_BETWEEN_CHECKPOINTS", 3)
        yield


@pytest.fixture(scope="module")
def finished(faces, tmp_path_factory) -> TrainingRun:
    run = TrainingRun(RECIPE, TrainingData(faces), tmp_path_factory.mktemp("whole"), resume=False)
    run.train()
    return run


@pytest.fixture(scope="module")
def resumed(faces, tmp_path_factory) -> TrainingRun:
    out = tmp_path_factory.mktemp("killed")

    def until_second_epoch(text: str) -> None:
        if text.startswith("epoch 2"):
            raise Killed

    with pytest.raises(Killed):
        TrainingRun(RECIPE, TrainingData(faces), out, resume=False).train(until_second_epoch)
    # The killed run has recorded its second epoch, which ended after its last checkpoint.
    with (out / "progress.jsonl").open("a") as lines:
        lines.write(json.dumps({"epoch": 2, "step": KILLED_AT, "loss": 99.0}) + "\n")
    run = TrainingRun(RECIPE, TrainingData(faces), out, resume=True)
    assert 2 * run.steps_per_epoch == KILLED_AT
    assert int(run.step) == LAST_CHECKPOINT
    run.train()
    return run


def progress(run: TrainingRun) -> list[dict]:
    return [json.loads(line) for line in (run.out / "progress.jsonl").read_text().splitlines()]


def test_a_run_learns(finished):
    batch = np.asarray(finished.data.faces[0][:, 10:190, 10:190], np.float32) / 255
    keras.utils.set_random_seed(RECIPE.seed)
    fresh, trained = NETWORKS["table1"](dropout=0.0), load_network(finished.out / "model.keras")
    # With the statistics of the batch, because the averages that validation uses have not settled yet.
    before, after = (float(loss_of(m(batch, training=True), finished.data.labels, RECIPE)) for m in (fresh, trained))
    assert after < 0.95 * before


def test_every_epoch_is_recorded(finished):
    epochs = progress(finished)
    assert [line["epoch"] for line in epochs] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in epochs] == [finished.steps_per_epoch * epoch for epoch in range(1, 7)]
    assert all(math.isfinite(line[figure]) for line in epochs for figure in ("age_mae", "gender_accuracy", "loss"))


def test_a_resumed_run_gives_the_same_weights_as_an_uninterrupted_one(finished, resumed):
    for kind in ("model", "optimizer"):
        before, after = (getattr(run, kind).variables for run in (finished, resumed))
        assert len(before) == len(after) > 20
        for one, other in zip(before, after, strict=True):
            assert np.array_equal(one.numpy(), other.numpy()), one.path


def test_a_resumed_run_records_every_epoch_once(finished, resumed):
    assert progress(resumed) == progress(finished)


def test_the_averaged_weights_are_saved(finished):
    saved = load_network(finished.out / "model.keras")
    averages = finished.optimizer._model_variables_moving_average
    assert len(averages) == len(saved.trainable_variables)
    for weight, average in zip(saved.trainable_variables, averages, strict=True):
        assert np.array_equal(weight.numpy(), average.numpy())


def test_run_json_says_what_the_weights_were_made_from(faces, finished, resumed):
    facts = json.loads((finished.out / "run.json").read_text())
    assert facts["recipe"] == RECIPE.as_dict()
    assert facts["data"] == [read_dataset(faces).facts]
    assert facts["data"][0]["samples"] == 48
    assert set(facts["versions"]) == {"python", "tensorflow", "keras"}
    assert "resumed_at_steps" not in facts
    assert json.loads((resumed.out / "run.json").read_text())["resumed_at_steps"] == [LAST_CHECKPOINT]


def test_a_folder_with_a_run_is_not_overwritten(faces, finished):
    with pytest.raises(BadInput, match="holds a run already; add --resume"):
        TrainingRun(RECIPE, TrainingData(faces), finished.out, resume=False)


def other_recipe(faces: Path) -> tuple[Recipe, Path]:
    return dataclasses.replace(RECIPE, epochs=7), faces


def other_images(faces: Path) -> tuple[Recipe, Path]:
    folder = faces.parent / "fewer"
    folder.mkdir()
    for path in sorted(faces.iterdir())[1:]:
        (folder / path.name).write_bytes(path.read_bytes())
    return RECIPE, folder


@pytest.mark.parametrize(
    ("change", "what"),
    [pytest.param(other_recipe, "recipe", id="recipe"), pytest.param(other_images, "images", id="images")],
)
def test_a_run_is_not_resumed_with_another_recipe_or_other_images(faces, finished, change, what):
    recipe, data = change(faces)
    before = (finished.out / "run.json").read_bytes()
    with pytest.raises(BadInput, match=f"holds a run with another {what}"):
        TrainingRun(recipe, TrainingData(data), finished.out, resume=True)
    assert (finished.out / "run.json").read_bytes() == before


def test_a_run_is_not_resumed_with_another_teacher(faces, finished):
    with pytest.raises(BadInput, match="holds a run with another set of teachers"):
        TrainingRun(RECIPE, TrainingData(faces, teachers=(finished.out / "model.keras",)), finished.out, resume=True)


def test_a_teacher_changes_the_labels_of_a_run(faces, finished, tmp_path):
    teacher = finished.out / "model.keras"
    distilled_labels = TrainingRun(RECIPE, TrainingData(faces, teachers=(teacher,)), tmp_path, resume=False)
    predicted = Teacher(teacher).predict(
        faces_of(distilled_labels), read_dataset(faces).of("train"), tmp_path / "other"
    )
    for label, prediction in (("age", predicted.age), ("gender", predicted.female)):
        middle = (finished.data.labels[label] + prediction) / 2  # the recipe's teacher_weight is 0.5
        assert np.allclose(distilled_labels.data.labels[label], middle, atol=1e-6), label
    facts = json.loads((tmp_path / "run.json").read_text())["teachers"]
    licence = json.loads((finished.out / "run.json").read_text())["data"][0]["licence"]
    digest = hashlib.sha256(teacher.read_bytes()).hexdigest()
    assert facts == [{"network": "table1", "sha256": digest, "licence": licence}]


def faces_of(run: TrainingRun) -> np.ndarray:
    return np.asarray(run.data.faces[0])


def test_resuming_an_empty_folder_starts_a_new_run(faces, tmp_path):
    run = TrainingRun(RECIPE, TrainingData(faces), tmp_path / "new", resume=True)
    assert int(run.step) == 0
    assert "resumed_at_steps" not in json.loads((tmp_path / "new" / "run.json").read_text())


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_weights_are_not_saved_if_the_loss_is_not_finite(faces, tmp_path, loss):
    run = TrainingRun(RECIPE, TrainingData(faces), tmp_path, resume=False)
    run.save(4, 5.0)
    good = run.checkpoints.latest_checkpoint
    with pytest.raises(MaitredError, match=f"the loss is {loss} at step 8; the last good checkpoint is kept"):
        run.save(8, loss)
    assert run.checkpoints.latest_checkpoint == good


def test_too_few_images_are_refused(faces, tmp_path):
    with pytest.raises(BadInput, match="training images are fewer than one batch of 500"):
        TrainingRun(dataclasses.replace(RECIPE, batch_size=500), TrainingData(faces), tmp_path, resume=False)


@pytest.mark.parametrize(
    ("total", "warmup_steps", "peak"),
    [
        pytest.param(5190, 500, 500, id="as shipped"),
        pytest.param(100, 500, 10, id="shorter than its warm-up"),
        pytest.param(5, 500, 0, id="too short for a warm-up"),
    ],
)
def test_the_learning_rate_rises_then_falls_to_zero(total, warmup_steps, peak):
    recipe = dataclasses.replace(RECIPE, warmup_steps=warmup_steps)
    schedule = learning_rate_schedule(recipe, total)
    rates = [float(schedule(step)) for step in range(0, total + 1, max(1, total // 100))]
    assert all(math.isfinite(rate) and rate <= recipe.learning_rate * 1.0001 for rate in rates)
    assert float(schedule(peak)) == pytest.approx(recipe.learning_rate, rel=1e-3)
    assert rates[-1] == pytest.approx(0, abs=1e-6)


def test_unknown_labels_have_no_weight_in_the_loss():
    known = Sample(Path("a"), "0", (30, 30), 1)
    logits = [tf.random.stateless_normal((2, 101), (1, 2)), tf.constant([[0.4], [3.0]])]
    alone = loss_of([part[:1] for part in logits], loss_targets([known], RECIPE), RECIPE)
    both = loss_of(logits, loss_targets([known, Sample(Path("b"), "1", None, None)], RECIPE), RECIPE)
    nothing = loss_of(logits, loss_targets([Sample(Path("b"), "1", None, None)] * 2, RECIPE), RECIPE)
    assert float(both) == pytest.approx(float(alone), rel=1e-6)
    assert float(nothing) == 0


def test_the_loss_is_cross_entropy_age_error_and_gender():
    recipe = dataclasses.replace(RECIPE, age_l1_weight=0.05, gender_weight=2.0, gender_smoothing=0.1)
    labels = loss_targets([Sample(Path("a"), "0", (30, 30), 1)], RECIPE)
    flat = [tf.zeros((1, 101)), tf.constant([[1.5]])]
    # Flat over 0..100: cross-entropy ln 101, expected age 50, 20 years off. The target of P(female) is 0.95.
    female = 1 / (1 + math.exp(-1.5))
    gender = -(0.95 * math.log(female) + 0.05 * math.log(1 - female))
    assert float(loss_of(flat, labels, recipe)) == pytest.approx(math.log(101) + 0.05 * 20 + 2 * gender, rel=1e-5)


def test_train_names_an_unknown_network(faces, tmp_path, capsys):
    assert main(["train", "resnet18", "--data", str(faces), "--out", str(tmp_path)]) == 2
    assert "resnet18: no such network; there is a recipe for" in capsys.readouterr().err


def test_train_refuses_the_folder_of_another_run(faces, finished, capsys):
    assert main(["train", "table1", "--data", str(faces), "--out", str(finished.out), "--teacher", "none"]) == 2
    assert "holds a run already; add --resume" in capsys.readouterr().err


def test_a_run_in_bfloat16_is_saved_as_float32(faces, tmp_path):
    before = keras.config.dtype_policy()
    recipe = tmp_path / "short.toml"
    text = (RECIPES / "table1.toml").read_text(encoding="utf-8")
    recipe.write_text(re.sub(r"(?m)^epochs = .*", "epochs = 1", text).replace("batch_size = 32", "batch_size = 8"))
    out = tmp_path / "run"
    command = ["train", str(recipe), "--data", str(faces), "--out", str(out), "--precision", "mixed_bfloat16"]
    command += ["--teacher", "none"]
    try:
        assert main(command) == 0
    finally:
        keras.config.set_dtype_policy(before)
    assert json.loads((out / "run.json").read_text())["precision"] == "mixed_bfloat16"
    saved = load_network(out / "model.keras")
    assert all(layer.compute_dtype == "float32" for layer in saved.layers if layer.weights)
    assert all(np.isfinite(weight.numpy()).all() for weight in saved.weights)
