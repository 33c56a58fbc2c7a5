"""The two outputs that every network ends in."""

from __future__ import annotations

import keras
from keras import layers

AGES = 101
HEADS = ("age_logits", "gender_logit")
PAPER_DENSE = (128, 64, 32)
"""Units of the dense layers in the paper's Table I."""


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
