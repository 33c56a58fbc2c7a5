"""Quantisation-aware training compared with the INT8 file that comes of it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from convert.quantise import convert_silently
from edge.errors import MaitredError
from edge.vision.interpreter import Interpreter
from training.detector.quantisation_aware import (
    FakeQuantisation,
    TrainableNetwork,
    measure_ranges,
    with_fake_quantisation,
)

pytestmark = pytest.mark.slow

PIXELS = (-128 / 127.5, 127 / 127.5)


def network() -> keras.Model:
    """A small network with everything the detector has: a residual, an upsampling, outputs with limits."""
    pixels = keras.Input((16, 16, 3), batch_size=1, name="pixels")
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="stem")(layers.ZeroPadding2D(1, name="pad")(pixels))
    step = layers.Conv2D(8, 1, name="step")(layers.DepthwiseConv2D(3, padding="same", name="deep")(x))
    x = layers.ReLU(name="sum")(layers.Add(name="add")([x, step]))
    halved = layers.DepthwiseConv2D(3, strides=2, padding="same", name="halved")(x)
    down = layers.Conv2D(8, 1, activation="relu", name="down")(halved)
    x = layers.Add(name="up")([x, layers.UpSampling2D(2, interpolation="bilinear", name="twice")(down)])
    limited = keras.ops.clip(layers.Conv2D(4, 1, name="limited")(x), -1, 1)
    sizes = layers.ReLU(6, name="sizes")(layers.Conv2D(2, 1, name="wide")(x))
    return keras.Model(pixels, [layers.Reshape((256, 1), name="logits")(limited), sizes], name="small")


@pytest.fixture
def learner() -> tuple[keras.Model, list[np.ndarray]]:
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    squares = [(rng.integers(0, 256, (16, 16, 3)).astype(np.float32) - 128) / np.float32(127.5) for _ in range(12)]
    return network(), squares


def int8(rounded: keras.Model) -> Interpreter:
    converter = tf.lite.TFLiteConverter.from_keras_model(rounded)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
    return Interpreter(convert_silently(converter))


def test_int8_computes_what_was_trained_to_within_a_step_or_two(learner):
    model, squares = learner
    trainable = TrainableNetwork(model, PIXELS, measure_ranges(model, squares))
    for variable in trainable.variables:  # as if something had been learned
        variable.assign(tf.random.stateless_normal(variable.shape, [1, 2], 0, 0.03))
    file = int8(trainable.network())
    assert (file.inputs[0].scale, file.inputs[0].zero_point) == (pytest.approx(1 / 127.5), 128)
    differences = []
    for square in squares:
        found = file.run(np.rint(square * 127.5 + 128).astype(np.uint8)[None])
        expected = {values.shape: values.numpy() for values in trainable(square[None])}
        for tensor, values in zip(file.outputs, found, strict=True):
            differences.append(np.abs(tensor.dequantise(values) - expected[values.shape]) / tensor.scale)
    steps = np.concatenate([values.ravel() for values in differences])
    assert steps.mean() < 0.2
    assert steps.max() <= 2.1


def test_a_rounded_network_learns(learner):
    model, squares = learner
    trainable = TrainableNetwork(model, PIXELS, measure_ranges(model, squares))
    batch = tf.constant(np.stack(squares))
    optimizer = keras.optimizers.Adam(3e-3)
    optimizer.build(trainable.variables)

    def loss() -> tf.Tensor:
        logits, sizes = trainable(batch)
        return tf.reduce_mean(tf.square(logits - 0.5)) + tf.reduce_mean(tf.square(sizes - 1))

    before = float(loss())
    for _ in range(25):
        with tf.GradientTape() as tape:
            wrong = loss()
        optimizer.apply_gradients(zip(tape.gradient(wrong, trainable.variables), trainable.variables, strict=True))
    assert float(loss()) < before / 2


def test_an_output_beyond_its_limit_gets_a_gradient(learner):
    model, squares = learner
    bias = model.get_layer("limited").get_weights()
    model.get_layer("limited").set_weights([bias[0], bias[1] + 50])  # all answers at their upper limit
    trainable = TrainableNetwork(model, PIXELS, measure_ranges(model, squares))
    names = [layer.name for layer in model.layers if layer.weights]
    index = 1 + 2 * names.index("limited") + 1
    with tf.GradientTape() as tape:
        wrong = tf.reduce_sum(trainable(tf.constant(squares[0][None]))[0])
    gradient = tape.gradient(wrong, trainable.variables)[index]
    assert (np.abs(gradient) > 0).all()


def test_a_saved_network_keeps_its_ranges(learner, tmp_path: Path):
    model, squares = learner
    ranges = measure_ranges(model, squares)
    assert all(low <= 0 < high for low, high in ranges)
    rounded = with_fake_quantisation(model, PIXELS, ranges)
    rounded.save(tmp_path / "rounded.keras")
    loaded = keras.saving.load_model(tmp_path / "rounded.keras")
    kept = [(layer.low, layer.high) for layer in loaded.layers if isinstance(layer, FakeQuantisation)]
    assert sorted(kept) == sorted([PIXELS, *ranges])
    for one, other in zip(rounded(squares[0][None]), loaded(squares[0][None]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_unsupported_operation_is_named():
    pixels = keras.Input((8, 8, 3), batch_size=1)
    odd = keras.Model(pixels, keras.ops.sin(layers.Conv2D(2, 1)(pixels)))
    with pytest.raises(MaitredError, match=r"sin.*an operation without a rounded form"):
        with_fake_quantisation(odd, PIXELS, [(0.0, 1.0)] * 4)
