"""The two outputs (heads) that every network ends with."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from edge.labels import AGES

HEADS = ("age_logits", "gender_logit")
PAPER_DENSE = (128, 64, 32)
"""Units of the dense layers in the paper's Table I."""
PAPER_SIGMA = 6.0
"""Standard deviation in years of the distribution around the paper's single age, before calibration."""


def with_heads(
    inputs: keras.KerasTensor, maps: keras.KerasTensor, name: str, dropout: float, paper_head: bool = False
) -> keras.Model:
    """A network: the average over the last ``maps``, dropout, optionally the paper's dense layers, and the heads."""
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D(name="pool")(maps))
    if paper_head:
        return keras.Model(inputs, heads(x, PAPER_DENSE), name=f"{name}_frozen")
    return keras.Model(inputs, heads(x), name=name)


def heads(features: keras.KerasTensor, dense: tuple[int, ...] = ()) -> list[keras.KerasTensor]:
    """``age_logits`` (batch, 101), one logit per year from 0 to 100, and ``gender_logit`` (batch, 1), of P(female).

    ``dense`` gives the units of dense layers with ReLU before them. The outputs are float32 even if the rest of the
    network computes in a shorter type.
    """
    for units in dense:
        features = layers.Dense(units, activation="relu", name=f"dense{units}")(features)
    return [
        layers.Dense(AGES, dtype="float32", name=HEADS[0])(features),
        layers.Dense(1, dtype="float32", name=HEADS[1])(features),
    ]


def paper_heads(features: keras.KerasTensor) -> list[keras.KerasTensor]:
    """The paper's heads: the age is a single ReLU output in years. The outputs have the form of :func:`heads`.

    An age of y years becomes the logits of a normal distribution around y: -(k - y)^2 / 2s^2 for each year k. Without
    the terms that are the same for all k, that is k y / s^2 - k^2 / 2s^2, which a fixed dense layer computes. The
    cross-entropy with it is the squared error of y.
    """
    for units in PAPER_DENSE:
        features = layers.Dense(units, activation="relu", name=f"dense{units}")(features)
    # The bias starts among the ages, because a ReLU that starts at 0 may never become active.
    start = keras.initializers.Constant(30)
    years = layers.Dense(1, activation="relu", bias_initializer=start, dtype="float32", name="years")(features)
    bell = layers.Dense(AGES, trainable=False, dtype="float32", name=HEADS[0])
    logits = bell(years)
    each = np.arange(AGES, dtype=np.float32)
    bell.set_weights([each[None] / PAPER_SIGMA**2, -(each**2) / (2 * PAPER_SIGMA**2)])
    return [logits, layers.Dense(1, dtype="float32", name=HEADS[1])(features)]
