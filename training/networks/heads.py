"""The two outputs that every network ends in."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from edge.vision.bundle import AGES

HEADS = ("age_logits", "gender_logit")
PAPER_DENSE = (128, 64, 32)
"""Units of the dense layers in the paper's Table I."""
PAPER_SIGMA = 6.0
"""Standard deviation in years that a single age is given, before calibration."""


def with_heads(
    inputs: keras.KerasTensor, maps: keras.KerasTensor, name: str, dropout: float, paper_head: bool = False
) -> keras.Model:
    """A network: the average over the last ``maps``, dropout, and the heads, behind the paper's dense layers or not."""
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D(name="pool")(maps))
    if paper_head:
        return keras.Model(inputs, heads(x, PAPER_DENSE), name=f"{name}_frozen")
    return keras.Model(inputs, heads(x), name=name)


def heads(features: keras.KerasTensor, dense: tuple[int, ...] = ()) -> list[keras.KerasTensor]:
    """``age_logits`` (batch, 101), one logit a year from 0 to 100, and ``gender_logit`` (batch, 1), of P(female).

    ``dense`` are the units of layers with ReLU before them. Outputs stay float32 where the rest of a network computes
    in a shorter type.
    """
    for units in dense:
        features = layers.Dense(units, activation="relu", name=f"dense{units}")(features)
    return [
        layers.Dense(AGES, dtype="float32", name=HEADS[0])(features),
        layers.Dense(1, dtype="float32", name=HEADS[1])(features),
    ]


def paper_heads(features: keras.KerasTensor) -> list[keras.KerasTensor]:
    """The paper's: the age is a single ReLU output in years. The outputs are those of :func:`heads` all the same.

    Years y become the logits of a normal distribution around them, -(k - y)^2 / 2s^2 for each year k. Without what is
    the same for all k that is k y / s^2 - k^2 / 2s^2: a dense layer that stays as it is. Cross-entropy with it is the
    squared error of y.
    """
    for units in PAPER_DENSE:
        features = layers.Dense(units, activation="relu", name=f"dense{units}")(features)
    # Somewhere among the ages from the start: a ReLU that begins at 0 may never wake.
    start = keras.initializers.Constant(30)
    years = layers.Dense(1, activation="relu", bias_initializer=start, dtype="float32", name="years")(features)
    bell = layers.Dense(AGES, trainable=False, dtype="float32", name=HEADS[0])
    logits = bell(years)
    each = np.arange(AGES, dtype=np.float32)
    bell.set_weights([each[None] / PAPER_SIGMA**2, -(each**2) / (2 * PAPER_SIGMA**2)])
    return [logits, layers.Dense(1, dtype="float32", name=HEADS[1])(features)]
