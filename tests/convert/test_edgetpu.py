"""What the Edge TPU is expected to run: all of our models; other operators are refused with a reason."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from convert.edgetpu import ON_CHIP_BYTES, EdgeTpuReport, edgetpu_report, main
from convert.quantise import convert_silently, quantise
from edge.vision.bundle import load_bundle

pytestmark = pytest.mark.slow


def faces() -> list[np.ndarray]:
    return [np.random.default_rng(seed).random((16, 16, 3), np.float32) for seed in range(4)]


def model(*stack: layers.Layer, batch: int | None = 1) -> keras.Model:
    inputs = keras.Input(batch_size=batch, shape=(16, 16, 3))
    x = inputs
    for layer in stack:
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize("name", ["mobile", "vgg16", "table1", "face"])
def test_all_of_a_shipped_model_is_expected_to_map(name):
    report = edgetpu_report(load_bundle(name).model)
    assert report.mapped == len(report.operators) > 20
    assert [operator.dtype for operator in report.operators[-2:]] == ["int8", "int8"]


def test_vgg16_streams_and_mobile_fits():
    assert edgetpu_report(load_bundle("vgg16").model).streamed_bytes > 6_000_000
    assert edgetpu_report(load_bundle("mobile").model).streamed_bytes == 0
    assert EdgeTpuReport((), ON_CHIP_BYTES + 5).streamed_bytes == 5


def test_a_float_model_is_refused_operator_by_operator():
    floats = convert_silently(tf.lite.TFLiteConverter.from_keras_model(model(layers.Conv2D(4, 3), layers.Flatten())))
    report = edgetpu_report(floats)
    assert report.mapped == 0
    assert all("is float32, not quantised" in str(operator.reason) for operator in report.operators)


@pytest.mark.parametrize(
    ("stack", "name", "reason"),
    [
        pytest.param([layers.DepthwiseConv2D(3, dilation_rate=2)], "DEPTHWISE_CONV_2D", "dilated", id="dilated"),
        pytest.param([layers.Conv2D(4, 3), layers.LeakyReLU()], "LEAKY_RELU", "not among the operators", id="operator"),
        pytest.param([layers.Softmax()], "SOFTMAX", "more than one dimension", id="softmax"),
    ],
)
def test_an_operator_that_does_not_map_is_named_with_its_reason(stack, name, reason):
    report = edgetpu_report(quantise(model(*stack), faces()))
    refused = {operator.name: operator.reason for operator in report.operators if operator.reason}
    assert list(refused) == [name]
    assert reason in refused[name]


def test_the_report_is_printed(capsys):
    assert main(["table1"]) == 0
    assert "22 of 22 operators are expected to map" in capsys.readouterr().out
    assert main(["table1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["layers"]) == found["operators"] == 22
    assert main(["gone.tflite"]) == 2
    assert "gone.tflite: no such model" in capsys.readouterr().err
