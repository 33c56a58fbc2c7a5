"""The network mobile: its size, and its deployed form."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from convert.quantise import convert_silently
from edge.benchmark.macs import count_macs
from training.networks.mobile import mobile
from training.networks.registry import deployed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    keras.utils.set_random_seed(5)
    model = mobile(dropout=0.5)
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if layer.weights:  # biases start at zero, so omitting them would go unnoticed
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(0.1, 0.1, bias.shape)])
    return model


def test_the_network_is_small_enough_for_the_device(trained):
    assert trained.count_params() <= 3.5e6
    assert count_macs(convert_silently(tf.lite.TFLiteConverter.from_keras_model(trained))) <= 300e6


def test_its_input_is_160_pixels_and_its_outputs_are_age_and_gender(trained):
    assert trained.input_shape == (None, 160, 160, 3)
    assert trained.output_shape == [(None, 101), (None, 1)]
    assert trained.output_names == ["age_logits", "gender_logit"]


def test_it_has_no_normalisation_layers(trained):
    assert not [layer.name for layer in trained.layers if isinstance(layer, layers.BatchNormalization)]


def test_the_deployed_form_computes_the_same_for_one_face_without_dropout(trained):
    device = deployed(trained)
    assert device.input_shape == (1, 160, 160, 3)
    assert all(layer.rate == 0 for layer in device.layers if isinstance(layer, layers.Dropout))
    rng = np.random.default_rng(0)
    for face in (rng.random((1, 160, 160, 3), np.float32), np.zeros((1, 160, 160, 3), np.float32)):
        before, after = trained(face, training=False), device(face, training=False)
        for one, other in zip(before, after, strict=True):
            assert np.abs(one.numpy()).max() > 1e-3  # otherwise any two networks without signal would agree
            assert np.array_equal(one.numpy(), other.numpy())
        assert not np.array_equal(trained(face, training=True)[0], after[0])
