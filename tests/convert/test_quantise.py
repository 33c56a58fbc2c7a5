"""The results of quantisation, read from the file, and networks that are refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from keras import layers as keras_layers

from convert.inspection import check_quantised, weighted_layers
from convert.quantise import convert_silently, quantise, representative_faces
from edge.errors import MaitredError
from edge.vision.interpreter import Interpreter
from training.data.dataset import Sample
from training.networks.table1 import table1, table1_deployed

pytestmark = pytest.mark.slow

INTEGERS = {schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT32}


def faces(count: int, size: int = 180) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.random((size, size, 3), np.float32) for _ in range(count)]


def small(units: int = 4) -> keras.Model:
    inputs = keras.Input(batch_size=1, shape=(8, 8, 3))
    x = keras_layers.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    return keras.Model(inputs, keras_layers.Dense(units, name="dense")(keras_layers.Flatten()(x)))


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    return table1_deployed(table1())


@pytest.fixture(scope="module")
def model(network) -> bytes:
    return quantise(network, faces(4))


def test_a_pixel_is_its_own_quantised_value(model):
    interpreter = Interpreter(model)
    (pixels,) = interpreter.inputs
    assert (pixels.shape, pixels.dtype, pixels.zero_point) == ((1, 180, 180, 3), np.uint8, 0)
    assert np.float32(pixels.scale) == np.float32(1 / 255)


def test_outputs_are_integer_logits(model):
    outputs = Interpreter(model).outputs
    assert sorted(output.shape for output in outputs) == [(1, 1), (1, 101)]
    assert all(output.dtype == np.int8 and output.scale > 0 for output in outputs)


def test_no_tensor_inside_is_float_and_every_shape_is_fixed(model):
    graph = schema.ModelT.InitFromPackedBuf(model, 0).subgraphs[0]
    assert len(graph.tensors) > 30
    assert {tensor.type for tensor in graph.tensors} <= INTEGERS
    assert all(size > 0 for tensor in graph.tensors for size in tensor.shape)


def test_dense_layers_have_one_scale_and_convolutions_one_for_each_channel(model):
    found = [(layer.operator, len(layer.weight_scales)) for layer in weighted_layers(model)]
    convolutions = [("CONV_2D", channels) for channels in (64, 128, 128, 256, 256)]
    depthwise = [("DEPTHWISE_CONV_2D", channels) for channels in (3, 64, 128, 128, 256)]
    expected = [layer for pair in zip(depthwise, convolutions, strict=True) for layer in pair]
    assert found == expected + [("FULLY_CONNECTED", 1)] * 5


def test_the_quantised_network_computes_nearly_the_same(network, model):
    interpreter = Interpreter(model)
    pixels = np.random.default_rng(5).integers(0, 256, (1, 180, 180, 3), np.uint8)
    before = {o.shape[-1]: o.numpy() for o in network(pixels.astype(np.float32) / 255)}
    for output, raw in zip(interpreter.outputs, interpreter.run(pixels), strict=True):
        expected = before[output.shape[-1]]
        assert np.abs(output.dequantise(raw) - expected).max() < 0.15 * max(np.abs(before[101]).max(), 1e-3)


def test_quantising_prints_nothing(capfd):
    quantise(small(), faces(2, 8))
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(value):
    network = small()
    kernel, bias = network.get_layer("dense").get_weights()
    kernel[3, 1] = value
    network.get_layer("dense").set_weights([kernel, bias])
    with pytest.raises(MaitredError, match=r"weights are not finite in dense/kernel"):
        quantise(network, faces(2, 8))


def test_without_faces_there_is_no_range_to_measure():
    with pytest.raises(MaitredError, match="no representative faces"):
        quantise(small(), [])


def test_a_layer_that_has_no_integer_form_is_refused():
    inputs = keras.Input(batch_size=1, shape=(8, 8, 3))
    network = keras.Model(inputs, keras.ops.erf(inputs))
    with pytest.raises(MaitredError, match="cannot be quantised to INT8"):
        quantise(network, faces(2, 8))


def test_a_layer_whose_outputs_vanish_beside_its_weights_is_refused():
    """The runtime's fast kernels would refuse it, and the agent would run it many times slower."""
    inputs = keras.Input(batch_size=1, shape=(8, 8, 3))
    network = keras.Model(inputs, keras_layers.Dense(2, name="dense")(keras_layers.Flatten()(inputs)))
    kernel = np.zeros((192, 2), np.float32)
    kernel[0], kernel[1] = 1000, -1000  # the first two values of grey pictures are the same, so these cancel
    kernel[2] = 1e-3
    network.get_layer("dense").set_weights([kernel, np.zeros(2, np.float32)])
    grey = [np.repeat(face[:, :, :1], 3, axis=2) for face in faces(4, 8)]
    with pytest.raises(MaitredError, match=r"its outputs are tiny beside its weights \(factor"):
        quantise(network, grey)


def test_a_float_model_fails_the_check_of_quantised_models(float_model):
    with pytest.raises(MaitredError, match="not an integer after quantisation"):
        check_quantised(float_model)


@pytest.fixture
def float_model() -> bytes:
    return convert_silently(tf.lite.TFLiteConverter.from_keras_model(small()))


def labelled(folder: Path, ages: list[int]) -> list[Sample]:
    samples = []
    for index, age in enumerate(ages):
        path = folder / f"{index}.png"
        cv2.imwrite(str(path), np.full((20, 20, 3), (0, index, 200), np.uint8))
        samples.append(Sample(path, f"{index:064x}", (age, age), index % 2))
    return samples


def test_representative_faces_are_spread_over_ages_and_genders(tmp_path):
    samples = labelled(tmp_path, [25] * 60 + [5, 5, 45, 45, 85, 85])
    chosen = representative_faces(samples, 180, count=12)
    assert len(chosen) == 12
    rare = {round(float(face[0, 0, 1]) * 255) for face in chosen} & set(range(60, 66))
    assert rare == set(range(60, 66))


def test_representative_faces_are_rgb_in_unit_range_and_reproducible(tmp_path):
    samples = labelled(tmp_path, [30] * 9)
    first, second = representative_faces(samples, 180, count=4), representative_faces(samples, 180, count=4)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    face = first[0]
    assert (face.shape, face.dtype) == ((180, 180, 3), np.float32)
    assert face[90, 90, 0] == pytest.approx(200 / 255)
    assert face[90, 90, 2] == 0


def test_unreadable_representative_faces_are_skipped(tmp_path):
    samples = labelled(tmp_path, [30, 30, 30])
    samples[1].path.write_bytes(b"")
    assert len(representative_faces(samples, 180)) == 2
