"""The loss that training minimises, and the schedule of the learning rate."""

from __future__ import annotations

import keras
import tensorflow as tf

from edge.labels import AGES
from training.recipe import Recipe


def loss_of(outputs: list[tf.Tensor], labels: dict[str, tf.Tensor], recipe: Recipe) -> tf.Tensor:
    """The loss of a batch: cross-entropy of the age, absolute error of its expectation, cross-entropy of the gender.

    ``outputs`` are a network's two outputs, ``labels`` come from :func:`training.data.batches.loss_targets`. Unknown
    labels have the weight 0.
    """
    age_logits, gender_logit = (tf.cast(output, tf.float32) for output in outputs)
    years = tf.reduce_sum(tf.nn.softmax(age_logits) * tf.range(AGES, dtype=tf.float32), 1)
    age = tf.nn.softmax_cross_entropy_with_logits(labels["age"], age_logits)
    age += recipe.age_l1_weight * tf.abs(years - labels["years"])
    smooth = labels["gender"] * (1 - recipe.gender_smoothing) + 0.5 * recipe.gender_smoothing
    gender = tf.nn.sigmoid_cross_entropy_with_logits(smooth, gender_logit[:, 0])
    return _mean(age, labels["age_weight"]) + recipe.gender_weight * _mean(gender, labels["gender_weight"])


def _mean(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return tf.math.divide_no_nan(tf.reduce_sum(values * weights), tf.reduce_sum(weights))


def learning_rate_schedule(recipe: Recipe, total_steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up over at most a tenth of the run, then a cosine that reaches zero at the last step."""
    # Without the limit, a run on a few hundred pictures would end before its warm-up.
    warmup = min(recipe.warmup_steps, total_steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else recipe.learning_rate, total_steps - warmup, warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )  # fmt: skip
