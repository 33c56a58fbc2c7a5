"""One training run: resumable at any checkpoint, logged, with its recipe and data recorded beside its weights."""

from __future__ import annotations

import json
import logging
import math
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorboard  # noqa: F401 (tf.summary needs it: fail now if it is missing, not after the first epoch)
import tensorflow as tf

from edge.errors import BadInput, MaitredError, few
from edge.system.atomic_files import replace_file
from training.data.alignment_reference import CROP
from training.data.batches import CACHED_SIZE, TrainingSet, cached_faces, loss_targets, training_batches
from training.data.dataset import Dataset, read_dataset
from training.evaluation.predictors import FaceCropper
from training.fit.distillation import Teacher, concatenate, distilled_labels, mean_prediction
from training.fit.distributed import SingleWorker
from training.fit.loss import learning_rate_schedule, loss_of
from training.fit.run_folder import check_same_run, open_run_folder
from training.fit.validation import Validation, calibrate, fit_temperatures, run_network, validation_figures
from training.networks.checkpoint import with_dtype
from training.networks.load_weights import load_weights
from training.networks.registry import NETWORKS
from training.recipe import Recipe

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 30
STEPS_BETWEEN_CHECKPOINTS = 200


@dataclass(frozen=True)
class TrainingData:
    """The data that a run learns from.

    Attributes:
        aligned: folder of labelled, aligned face crops.
        photos: folders of labelled photos with one face each.
        teachers: Keras files of trained networks.
    """

    aligned: Path
    photos: tuple[Path, ...] = ()
    teachers: tuple[Path, ...] = ()


class TrainingRun:
    """A training run in the folder ``out``: ``run.json``, ``progress.jsonl``, checkpoints, and finally ``model.keras``.

    Raises:
        BadInput: ``data`` has no labels or too few images, or ``out`` holds another run.
    """

    def __init__(
        self, recipe: Recipe, data: TrainingData, out: Path, resume: bool, weights: str | None = None,
        workers: SingleWorker | None = None,
    ) -> None:  # fmt: skip
        self.recipe, self.out, self.workers = recipe, out, workers or SingleWorker()
        earlier = open_run_folder(out, resume)
        keras.utils.set_random_seed(recipe.seed)
        dataset = read_dataset(data.aligned)
        log.info("%s", dataset.describe())
        photos = [read_dataset(folder) for folder in data.photos]
        teachers = [Teacher(path) for path in data.teachers]
        self.model = NETWORKS[recipe.network](dropout=recipe.dropout)
        facts: dict[str, Any] = {
            "recipe": recipe.as_dict(), "data": [part.facts for part in (dataset, *photos)],
            "weights": load_weights(self.model, weights) if weights else None,
            "teachers": [teacher.facts for teacher in teachers],
            "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
            "precision": keras.config.dtype_policy().name, "workers": self.workers.count, "command": sys.argv,
        }  # fmt: skip
        check_same_run(out, earlier, facts)
        self.size = int(self.model.input_shape[1])
        self.data = _training_set(recipe, dataset, photos, teachers, out / "cache")
        self.val_faces, self.validation, _ = cached_faces(dataset.of("validation"), out / "cache")
        self.steps_per_epoch = len(self.data) // recipe.batch_size
        self.total_steps = self.steps_per_epoch * recipe.epochs
        if recipe.batch_size % self.workers.count:
            raise BadInput(f"a batch of {recipe.batch_size} cannot be shared among {self.workers.count} workers evenly")
        if not self.steps_per_epoch:
            raise BadInput(
                f"{data.aligned}: {len(self.data)} training images are fewer than one batch of {recipe.batch_size}"
            )
        self.optimizer = keras.optimizers.AdamW(
            learning_rate_schedule(recipe, self.total_steps), weight_decay=recipe.weight_decay, global_clipnorm=5.0,
            use_ema=True, ema_momentum=recipe.ema_decay,
        )  # fmt: skip
        self.optimizer.build(self.model.trainable_variables)
        self.step = tf.Variable(0, dtype=tf.int64)
        # Listed by hand, because Checkpoint(model=...) omits the state of the dropout's random numbers.
        state = [variable.value for variable in (*self.model.variables, *self.optimizer.variables)]
        tracked = tf.train.Checkpoint(state=state, step=self.step)
        self.checkpoints = tf.train.CheckpointManager(tracked, str(out / "checkpoints"), max_to_keep=1)
        if resume and self.checkpoints.latest_checkpoint:
            try:
                tracked.restore(self.checkpoints.latest_checkpoint).assert_existing_objects_matched()
            except (AssertionError, ValueError, tf.errors.OpError) as error:
                raise BadInput(
                    f"{out}: its checkpoint is damaged or from another version of maitred; give another --out"
                ) from error
            log.info("resumed at step %d of %d", int(self.step), self.total_steps)
        self.workers.broadcast([*state, self.step])
        if earlier:
            facts["resumed_at_steps"] = [*earlier.get("resumed_at_steps", []), int(self.step)]
            self._forget_epochs_after(int(self.step))
        self.facts = facts
        replace_file(out / "run.json", json.dumps(facts, indent=1).encode())

    def train(self, progress: Callable[[str], None] = log.info) -> Path:
        """Train to the end of the recipe; returns the path of the Keras model with the averaged weights.

        Raises:
            MaitredError: the loss is no longer a finite number.
        """
        batches = training_batches(
            self.data, self.recipe, self.size, int(self.step), slice(self.workers.index, None, self.workers.count)
        )
        first, logged = int(self.step), 0.0
        writer = tf.summary.create_file_writer(str(self.out / "tensorboard"))
        if first < self.total_steps:
            for faces, labels in batches:
                loss = self._train_step(faces, labels)
                step = int(self.step.assign_add(1))
                now = time.monotonic()
                if step == first + 1:
                    started = now  # the first step compiles the network, so its time says nothing about the others
                elif now - logged > SECONDS_BETWEEN_LINES:
                    logged, left = now, (now - started) / (step - first - 1) * (self.total_steps - step)
                    progress(f"step {step}/{self.total_steps} loss {float(loss):.3f}, about {left / 60:.0f} min left")
                if step % self.steps_per_epoch == 0:
                    # Each worker has statistics of batch normalisation of its own part of the batches.
                    self.workers.average([v.value for v in self.model.non_trainable_variables if v.dtype == "float32"])
                    self._end_of_epoch(step, writer, progress)
                if step % STEPS_BETWEEN_CHECKPOINTS == 0 or step >= self.total_steps:
                    self.save(step, float(loss))
                if step >= self.total_steps:
                    break
        self._with_averaged_weights()
        self._calibrate()
        path = self.out / "model.keras"
        with_dtype(self.model, "float32").save(path)
        return path

    def save(self, step: int, loss: float) -> None:
        """Write a checkpoint, unless ``loss`` is not finite.

        Raises:
            MaitredError: the loss is not finite; the checkpoint before it stays.
        """
        if not math.isfinite(loss):
            raise MaitredError(
                f"the loss is {loss} at step {step}; the last good checkpoint is kept in {self.out}. Look at the"
                " labels, or lower the learning rate in the recipe and start again"
            )
        self.checkpoints.save()

    def _forget_epochs_after(self, step: int) -> None:
        # Epochs that a killed run finished after its last checkpoint are repeated, and must not be listed twice.
        path = self.out / "progress.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        remaining = [line for line in lines if json.loads(line)["step"] <= step]
        replace_file(path, "".join(line + "\n" for line in remaining).encode())

    @tf.function
    def _train_step(self, faces: tf.Tensor, labels: dict[str, tf.Tensor]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(self.model(faces, training=True), labels, self.recipe)
        variables = self.model.trainable_variables
        gradients = self.workers.mean(tape.gradient(loss, variables))
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    def _with_averaged_weights(self) -> list[np.ndarray]:
        """Put the moving averages of the weights into the model; returns the weights they replace."""
        raw = [variable.numpy() for variable in self.model.trainable_variables]
        for variable, average in zip(
            self.model.trainable_variables, self.optimizer._model_variables_moving_average, strict=True
        ):
            variable.assign(average)
        return raw

    def _end_of_epoch(self, step: int, writer: Any, progress: Callable[[str], None]) -> None:
        raw = self._with_averaged_weights()
        result = self.validate()
        for variable, value in zip(self.model.trainable_variables, raw, strict=True):
            variable.assign(value)
        epoch = step // self.steps_per_epoch
        progress(f"epoch {epoch}: validation age MAE {result.age_mae:.3f}, gender {100 * result.gender_accuracy:.2f} %")
        line = {"epoch": epoch, "step": step, **vars(result)}
        with (self.out / "progress.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        with writer.as_default(step=step):
            for name, value in vars(result).items():
                tf.summary.scalar(f"validation/{name}", value)

    def validate(self) -> Validation:
        """Figures on the validation split, with the model's present weights."""
        return validation_figures(
            run_network(self.model, self.val_faces), loss_targets(self.validation, self.recipe), self.recipe
        )

    def _calibrate(self) -> None:
        """Calibrate the network that is saved; the checkpoint stays as it is."""
        outputs = run_network(self.model, self.val_faces)
        temperatures = fit_temperatures(outputs, self.validation)
        calibrate(self.model, temperatures)
        log.info("temperatures: age %.3f, gender %.3f", temperatures.age, temperatures.gender)
        self.facts["temperatures"] = vars(temperatures)
        replace_file(self.out / "run.json", json.dumps(self.facts, indent=1).encode())


def _training_set(
    recipe: Recipe, dataset: Dataset, photos: list[Dataset], teachers: list[Teacher], cache: Path
) -> TrainingSet:
    """The decoded training split of every folder; the photos' validation and test splits are not used either."""
    faces, samples, left_out = cached_faces(dataset.of("train"), cache)
    if left_out:
        log.warning("skipped %d unreadable images: %s", len(left_out), few(left_out))
    parts, cut = [(faces, samples)], FaceCropper(CROP, CACHED_SIZE).crop
    for number, photo in enumerate(photos, start=1):
        faces, found, left_out = cached_faces(photo.of("train"), cache, cut)
        log.info("photos %d: %s; no face found in %d", number, photo.describe(), len(left_out))
        parts.append((faces, found))
    labels = loss_targets([sample for _, found in parts for sample in found], recipe)
    if teachers:
        predictions = [
            mean_prediction([teacher.predict(faces, found, cache / str(place)) for teacher in teachers])
            for place, (faces, found) in enumerate(parts)
        ]
        labels = distilled_labels(labels, concatenate(predictions), recipe.teacher_weight)
    return TrainingSet([faces for faces, _ in parts], labels, recipe.photos_share)
