"""The CNN of the paper's Table I, in its training form and in its deployed form."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from edge.errors import MaitredError
from training.networks.heads import PAPER_DENSE, heads, paper_heads

SIZE = 180


def table1(dropout: float = 0.25, paper_head: bool = False) -> keras.Model:
    """Table I of the paper in its training form: separable convolutions 64-128-128-256-256, dense 128-64-32.

    The paper's block is convolution, ReLU, 2x2 max pooling. Here it is convolution, max pooling, batch normalisation
    with a scale that stays positive, ReLU. A rising function and a maximum may change places. Therefore
    :func:`table1_deployed`, which has exactly the paper's block, computes the same function once the normalisation is
    folded into the convolution. The training form converges in far fewer epochs, and each step takes half the time.
    Padding is "valid" (the Keras default, the paper names none); the map before the dense layers is 3x3x256.
    ``paper_head`` makes the age the paper's single ReLU output rather than a distribution.
    """
    inputs = keras.Input((SIZE, SIZE, 3), name="face")
    x = inputs
    for index, filters in enumerate((64, 128, 128, 256, 256), start=1):
        x = layers.SeparableConv2D(filters, 3, use_bias=False, name=f"conv{index}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{index}")(x)
        x = layers.BatchNormalization(momentum=0.98, gamma_constraint=_AtLeast(1e-3), name=f"norm{index}")(x)
        x = layers.ReLU(name=f"relu{index}")(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    if paper_head:
        return keras.Model(inputs, paper_heads(x), name="table1_paper")
    return keras.Model(inputs, heads(x, PAPER_DENSE), name="table1")


def table1_deployed(trained: keras.Model) -> keras.Model:
    """The same function as ``trained`` in the paper's block order: only convolution, ReLU and pooling.

    Each separable convolution becomes a depthwise and a pointwise one, so that conversion can see between the two.

    Raises:
        MaitredError: a normalisation has a negative scale, so it cannot change places with the pooling.
    """
    inputs = keras.Input(batch_size=1, shape=(SIZE, SIZE, 3), name="face")
    x = inputs
    folded = []
    for index in range(1, 6):
        conv, norm = trained.get_layer(f"conv{index}"), trained.get_layer(f"norm{index}")
        depthwise, pointwise = conv.get_weights()
        gamma, beta, mean, variance = norm.get_weights()
        if gamma.min() < 0:
            raise MaitredError(f"{norm.name} has a negative scale ({gamma.min():g}); train the model again")
        scale = gamma / (variance + norm.epsilon) ** 0.5
        first = layers.DepthwiseConv2D(3, name=f"conv{index}_depthwise")
        second = layers.Conv2D(conv.filters, 1, activation="relu", name=f"conv{index}")
        folded.append((first, [depthwise, np.zeros(depthwise.shape[2], np.float32)]))
        folded.append((second, [pointwise * scale, beta - mean * scale]))
        x = layers.MaxPooling2D(2, name=f"pool{index}")(second(first(x)))
    x = layers.Flatten()(x)
    outputs = paper_heads(x) if trained.name == "table1_paper" else heads(x, PAPER_DENSE)
    model = keras.Model(inputs, outputs, name=trained.name)
    folded += [
        (layer, trained.get_layer(layer.name).get_weights())
        for layer in model.layers
        if isinstance(layer, layers.Dense)
    ]
    for layer, weights in folded:
        layer.set_weights(weights)
    return model


@keras.saving.register_keras_serializable("maitred")
class _AtLeast(keras.constraints.Constraint):
    """Keeps a weight at or above ``minimum``, so that normalisation and max pooling may change places."""

    def __init__(self, minimum: float) -> None:
        self.minimum = minimum

    def __call__(self, w: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.maximum(w, self.minimum)

    def get_config(self) -> dict[str, float]:
        return {"minimum": self.minimum}
