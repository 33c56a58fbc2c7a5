"""The noise of each layer, on a network that is hard to quantise in one place."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from convert.layer_noise import layer_noise
from convert.quantise import quantise

pytestmark = pytest.mark.slow


def faces(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.random((16, 16, 3), np.float32) for _ in range(count)]


def network(outlier: float) -> keras.Model:
    """Two convolutions and a dense layer; one channel after the first is ``outlier`` times as large as the others."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input(batch_size=1, shape=(16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu", name="first")(inputs)
    x = layers.Conv2D(8, 3, activation="relu", name="second")(x)
    model = keras.Model(inputs, layers.Dense(4, name="last")(layers.Flatten()(x)), name="small")
    kernel, bias = model.get_layer("first").get_weights()
    kernel[..., 0] = np.abs(kernel[..., 0]) * outlier
    model.get_layer("first").set_weights([kernel, bias])
    kernel, bias = model.get_layer("second").get_weights()
    kernel[:, :, 0] /= outlier
    model.get_layer("second").set_weights([kernel, bias])
    return model


def noise(outlier: float) -> dict[str, float]:
    model = network(outlier)
    return {layer.layer: layer.snr_db for layer in layer_noise(model, quantise(model, faces(20)), faces(3))}


def test_every_layer_is_named_and_far_above_its_noise():
    found = noise(1.0)
    assert [name.split("/")[0].split("_")[0] for name in found][:2] == ["first", "second"]
    assert all(20 < value < 80 for value in found.values()), found


def test_an_outlier_channel_makes_the_next_layer_noisy():
    good, bad = noise(1.0), noise(300.0)
    second = next(name for name in good if name.startswith("second"))
    assert bad[second] < good[second] - 10
    assert min(bad, key=lambda name: bad[name]) != next(iter(bad))


@pytest.mark.parametrize("count", [1, 4])
def test_a_model_against_itself_has_no_noise_in_the_input(count):
    model = network(1.0)
    found = layer_noise(model, quantise(model, faces(20)), faces(count))
    assert found[0].snr_db > 30
