"""Equalisation changes values between the layers, and no output."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from training.networks.equalisation import equalise

pytestmark = pytest.mark.slow


def network() -> keras.Model:
    """A small network with everything the detector has: a residual, a limit, an upsampling, two outputs."""
    pixels = keras.Input((16, 16, 3), batch_size=1)
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="stem")(layers.ZeroPadding2D(1)(pixels))
    step = layers.Conv2D(8, 1, name="step")(layers.DepthwiseConv2D(3, padding="same", name="deep")(x))
    x = layers.ReLU(name="sum")(layers.Add()([x, step]))
    halved = layers.DepthwiseConv2D(3, strides=2, padding="same", name="halved")(x)
    down = layers.Conv2D(8, 1, activation="relu", name="down")(halved)
    x = layers.Add()([x, layers.UpSampling2D(2, interpolation="bilinear")(down)])
    limited = keras.ops.clip(layers.Conv2D(4, 1, name="limited")(x), -1, 1)
    return keras.Model(pixels, [limited, layers.Conv2D(2, 1, name="free")(x)])


def test_outputs_stay_the_same_and_channels_get_one_range():
    keras.utils.set_random_seed(1)
    model = network()
    stem, step = model.get_layer("stem"), model.get_layer("deep")
    kernel, bias = stem.get_weights()
    stem.set_weights([kernel * np.array([1, 1, 1, 30, 1, 0.1, 1, 1], np.float32), bias])  # very uneven
    pictures = [np.random.default_rng(seed).normal(size=(16, 16, 3)).astype(np.float32) for seed in range(4)]
    before = [[np.asarray(values) for values in model(picture[None])] for picture in pictures]

    equalise(model, pictures)

    for picture, expected in zip(pictures, before, strict=True):
        for found, wanted in zip(model(picture[None]), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    between = keras.Model(model.inputs, step.output)
    widest = np.max([np.abs(np.asarray(between([picture[None]]))).max((0, 1, 2)) for picture in pictures], axis=0)
    np.testing.assert_allclose(widest, widest.max(), rtol=1e-4)
