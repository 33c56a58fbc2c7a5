"""The networks, each a small function from nothing to a Keras model with outputs ``age_logits`` and ``gender_logit``.

Inputs are float32 RGB (batch, 180, 180, 3), pixel / 255. ``age_logits`` is (batch, 101), one logit a year from 0 to
100: its softmax is the distribution of the apparent age. ``gender_logit`` is (batch, 1): its sigmoid is P(female).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers

from edge.errors import BadInput, MaitredError

INPUT_SIZE = 180
AGES = 101


def _heads(features: keras.KerasTensor) -> list[keras.KerasTensor]:
    return [layers.Dense(AGES, name="age_logits")(features), layers.Dense(1, name="gender_logit")(features)]


def table1(dropout: float = 0.25) -> keras.Model:
    """Table I of the paper in its training form: separable convolutions 64-128-128-256-256, dense 128-64-32.

    The paper's block is convolution, ReLU, 2x2 max pooling. Here it is convolution, max pooling, batch normalisation
    with a scale that stays positive, ReLU. A rising function and a maximum commute, so :func:`table1_deployed`, which
    is the paper's block to the letter, computes the same function once the normalisation is folded into the
    convolution; trained this way it converges in far fewer epochs, and each step costs half.
    Padding is "valid" (the Keras default, the paper names none); the map before the dense layers is 3x3x256.
    """
    inputs = keras.Input((INPUT_SIZE, INPUT_SIZE, 3), name="face")
    x = inputs
    for index, filters in enumerate((64, 128, 128, 256, 256), start=1):
        x = layers.SeparableConv2D(filters, 3, use_bias=False, name=f"conv{index}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{index}")(x)
        x = layers.BatchNormalization(momentum=0.98, gamma_constraint=_AtLeast(1e-3), name=f"norm{index}")(x)
        x = layers.ReLU(name=f"relu{index}")(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    for units in (128, 64, 32):
        x = layers.Dense(units, activation="relu", name=f"dense{units}")(x)
    return keras.Model(inputs, _heads(x), name="table1")


def table1_deployed(trained: keras.Model) -> keras.Model:
    """The same function as ``trained`` in the paper's own block order: nothing but convolution, ReLU and pooling.

    Raises:
        MaitredError: a normalisation has a negative scale, so that it and the pooling cannot change places.
    """
    inputs = keras.Input(batch_size=1, shape=(INPUT_SIZE, INPUT_SIZE, 3), name="face")
    x = inputs
    folded = []
    for index in range(1, 6):
        conv, norm = trained.get_layer(f"conv{index}"), trained.get_layer(f"norm{index}")
        depthwise, pointwise = conv.get_weights()
        gamma, beta, mean, variance = norm.get_weights()
        if gamma.min() < 0:
            raise MaitredError(f"{norm.name} has a negative scale ({gamma.min():g}); train the model again")
        scale = gamma / (variance + norm.epsilon) ** 0.5
        layer = layers.SeparableConv2D(conv.filters, 3, activation="relu", name=f"conv{index}")
        folded.append((layer, [depthwise, pointwise * scale, beta - mean * scale]))
        x = layers.MaxPooling2D(2, name=f"pool{index}")(layer(x))
    x = layers.Flatten()(x)
    for name in ("dense128", "dense64", "dense32"):
        source = trained.get_layer(name)
        layer = layers.Dense(source.units, activation="relu", name=name)
        x = layer(x)
        folded.append((layer, source.get_weights()))
    outputs = _heads(x)
    model = keras.Model(inputs, outputs, name="table1")
    folded += [(model.get_layer(n), trained.get_layer(n).get_weights()) for n in ("age_logits", "gender_logit")]
    for layer, weights in folded:
        layer.set_weights(weights)
    return model


@keras.saving.register_keras_serializable("maitred")
class _AtLeast(keras.constraints.Constraint):
    """Keeps a weight at or above ``minimum``: what lets normalisation and max pooling change places."""

    def __init__(self, minimum: float) -> None:
        self.minimum = minimum

    def __call__(self, w: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.maximum(w, self.minimum)

    def get_config(self) -> dict[str, float]:
        return {"minimum": self.minimum}


NETWORKS: dict[str, Callable[..., keras.Model]] = {"table1": table1}
DEPLOYED: dict[str, Callable[[keras.Model], keras.Model]] = {"table1": table1_deployed}


def load_network(path: Path) -> keras.Model:
    """A trained network from its Keras file.

    Raises:
        BadInput: no such file, not a Keras model, or not one of the networks here.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such Keras file; maitred train writes one (model.keras)")
    try:
        model = keras.saving.load_model(path)
    except (ValueError, OSError, TypeError, KeyError) as error:
        raise BadInput(f"{path}: not a Keras model that can be loaded: {error}") from error
    if model.name not in DEPLOYED:
        raise BadInput(f"{path}: a network called {model.name!r}; known: {', '.join(DEPLOYED)}")
    return model
