"""One training run: resumable at the step, logged, its recipe and data written beside its weights."""

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
import tensorboard  # noqa: F401 (tf.summary needs it: if it is missing, say so now, not after the first epoch)
import tensorflow as tf

from edge.errors import BadInput, MaitredError
from training.batches import cached_faces, targets, training_batches
from training.networks import AGES, INPUT_SIZE, NETWORKS
from training.recipe import Recipe
from training.samples import list_samples

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 30
STEPS_BETWEEN_CHECKPOINTS = 200


@dataclass(frozen=True)
class Validation:
    """Figures on the validation split: years, share of 0..1, loss."""

    age_mae: float
    gender_accuracy: float
    loss: float


def loss_of(outputs: list[tf.Tensor], labels: dict[str, tf.Tensor], recipe: Recipe) -> tf.Tensor:
    """Cross-entropy with the smoothed age, absolute error of its expectation, gender; unknown labels weigh nothing."""
    age_logits, gender_logit = (tf.cast(output, tf.float32) for output in outputs)
    years = tf.reduce_sum(tf.nn.softmax(age_logits) * tf.range(AGES, dtype=tf.float32), 1)
    age = tf.nn.softmax_cross_entropy_with_logits(labels["age"], age_logits)
    age += recipe.age_l1_weight * tf.abs(years - labels["years"])
    smooth = labels["gender"] * (1 - recipe.gender_smoothing) + 0.5 * recipe.gender_smoothing
    gender = tf.nn.sigmoid_cross_entropy_with_logits(smooth, gender_logit[:, 0])
    return tf.math.divide_no_nan(
        tf.reduce_sum(age * labels["age_known"]), tf.reduce_sum(labels["age_known"])
    ) + recipe.gender_weight * tf.math.divide_no_nan(
        tf.reduce_sum(gender * labels["gender_known"]), tf.reduce_sum(labels["gender_known"])
    )


def learning_rate_schedule(recipe: Recipe, total_steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up over at most a tenth of the run, then a cosine to zero at the last step."""
    # Without the limit, a set of a few hundred pictures would end before its warm-up does.
    warmup = min(recipe.warmup_steps, total_steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else recipe.learning_rate, total_steps - warmup, warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )  # fmt: skip


class Run:
    """A training run in ``out``: ``run.json``, ``progress.jsonl``, checkpoints, at the end ``model.keras``.

    Raises:
        BadInput: ``data`` or ``out`` cannot be used: nothing labelled in it, too few images, another run's folder.
    """

    def __init__(self, recipe: Recipe, data: Path, out: Path, resume: bool) -> None:
        self.recipe, self.out = recipe, out
        earlier = _earlier_run(out, resume)
        keras.utils.set_random_seed(recipe.seed)
        listing = list_samples(data)
        log.info("%s", listing.describe())
        facts: dict[str, Any] = {
            "recipe": recipe.as_dict(), "data_sha256": listing.sha256, "samples": len(listing.samples),
            "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
            "command": sys.argv,
        }  # fmt: skip
        for key, what in (("recipe", "recipe"), ("data_sha256", "images")):
            if earlier and earlier.get(key) != facts[key]:
                raise BadInput(f"{out}: holds a run with another {what}; it cannot be resumed: give another --out")
        self.faces, train, unreadable = cached_faces(listing.of("train"), out / "cache")
        self.val_faces, self.validation, more = cached_faces(listing.of("validation"), out / "cache")
        if unreadable + more:
            log.warning("skipped %d unreadable images: %s", len(unreadable + more), ", ".join((unreadable + more)[:5]))
        self.labels = targets(train, recipe.age_sigma)
        self.steps_per_epoch = len(self.faces) // recipe.batch_size
        self.total_steps = self.steps_per_epoch * recipe.epochs
        if not self.steps_per_epoch:
            raise BadInput(f"{data}: {len(self.faces)} training images are fewer than one batch of {recipe.batch_size}")
        self.model = NETWORKS[recipe.network](dropout=recipe.dropout)
        self.optimizer = keras.optimizers.AdamW(
            learning_rate_schedule(recipe, self.total_steps), weight_decay=recipe.weight_decay, global_clipnorm=5.0,
            use_ema=True, ema_momentum=recipe.ema_decay,
        )  # fmt: skip
        self.optimizer.build(self.model.trainable_variables)
        self.step = tf.Variable(0, dtype=tf.int64)
        # By hand, because Checkpoint(model=...) leaves out the state of the dropout's random numbers.
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
        if earlier:
            facts["resumed_at_steps"] = [*earlier.get("resumed_at_steps", []), int(self.step)]
            self._forget_epochs_after(int(self.step))
        _write_whole(out / "run.json", json.dumps(facts, indent=1))

    def train(self, progress: Callable[[str], None] = log.info) -> Path:
        """Train to the end of the recipe and return the path of the Keras model with the averaged weights.

        Raises:
            MaitredError: the loss is no number any more.
        """
        batches = training_batches(
            self.faces, self.labels, self.recipe.augment, self.recipe.batch_size, self.recipe.seed, int(self.step)
        )
        first, shown = int(self.step), 0.0
        writer = tf.summary.create_file_writer(str(self.out / "tensorboard"))
        if first < self.total_steps:
            for faces, labels in batches:
                loss = self._train_step(faces, labels)
                step = int(self.step.assign_add(1))
                now = time.monotonic()
                if step == first + 1:
                    started = now  # the first step compiles the network and says nothing about the others
                elif now - shown > SECONDS_BETWEEN_LINES:
                    shown, left = now, (now - started) / (step - first - 1) * (self.total_steps - step)
                    progress(f"step {step}/{self.total_steps} loss {float(loss):.3f}, about {left / 60:.0f} min left")
                if step % self.steps_per_epoch == 0:
                    self._end_of_epoch(step, writer, progress)
                if step % STEPS_BETWEEN_CHECKPOINTS == 0 or step >= self.total_steps:
                    self.save(step, float(loss))
                if step >= self.total_steps:
                    break
        self._with_averaged_weights()
        path = self.out / "model.keras"
        self.model.save(path)
        return path

    def save(self, step: int, loss: float) -> None:
        """Write a checkpoint, if ``loss`` says that the weights are worth keeping.

        Raises:
            MaitredError: the loss is no number; the checkpoint before it stays.
        """
        if not math.isfinite(loss):
            raise MaitredError(
                f"the loss is {loss} at step {step}; the last good checkpoint is kept in {self.out}. Look at the"
                " labels, or lower the learning rate in the recipe and start again"
            )
        self.checkpoints.save()

    def _forget_epochs_after(self, step: int) -> None:
        # What a killed run did after its last checkpoint is done again, and must not be listed twice.
        path = self.out / "progress.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] <= step]
        _write_whole(path, "".join(line + "\n" for line in kept))

    @tf.function
    def _train_step(self, faces: tf.Tensor, labels: dict[str, tf.Tensor]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(self.model(faces, training=True), labels, self.recipe)
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    def _with_averaged_weights(self) -> list[np.ndarray]:
        """Put the moving averages into the model; returns the weights they replace."""
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
        """Figures of the weights that the model holds now."""
        labels = targets(self.validation, self.recipe.age_sigma)
        errors, right, losses = [], [], []
        for start in range(0, len(self.val_faces), 64):
            rows = slice(start, start + 64)
            faces = tf.image.resize(tf.cast(self.val_faces[rows], tf.float32) / 255.0, [INPUT_SIZE, INPUT_SIZE])
            outputs = self.model(faces, training=False)
            years = tf.nn.softmax(outputs[0]).numpy() @ np.arange(AGES)
            part = {name: values[rows] for name, values in labels.items()}
            errors += list(np.abs(years - part["years"])[part["age_known"] > 0])
            right += list(((outputs[1].numpy()[:, 0] > 0) == part["gender"])[part["gender_known"] > 0])
            losses.append(float(loss_of(outputs, part, self.recipe)))
        return Validation(*(float(np.mean(values)) if values else math.nan for values in (errors, right, losses)))


def _earlier_run(out: Path, resume: bool) -> dict[str, Any]:
    """What ``run.json`` says about the run to go on with; empty where there is none."""
    path = out / "run.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return {}
        if not resume:
            raise BadInput(f"{out}: holds a run already; add --resume to go on with it, or give another --out")
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{out}: cannot be used for a run ({error.strerror}); give another --out") from error
    except ValueError as error:
        raise BadInput(f"{path}: damaged; give another --out") from error
    return facts


def _write_whole(path: Path, text: str) -> None:
    """Write ``text``, or leave the file as it was: a run may be killed at any moment."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
