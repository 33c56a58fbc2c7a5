"""Quantisation-aware training: a network of convolutions that rounds to eight bits after every layer, as INT8 will.

Activations have one range for a tensor, weights one for each output channel, symmetric around zero, as TFLite's
quantisation specification has it. :class:`FakeQuantisation` layers mark where values are rounded, and the converter
takes their ranges as they are. :class:`TrainableNetwork` is such a network whose weights, biases and ranges are
learned; the gradient passes straight through the rounding (B. Jacob et al., "Quantization and Training of Neural
Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018). Learned ranges follow S. Esser et al., "Learned
Step Size Quantization", ICLR 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from edge.errors import MaitredError
from edge.vision.detection import Float32Array

Range = tuple[float, float]
LEVELS = 127
"""Quantisation levels of a weight on either side of zero."""
_WEIGHTED = (layers.Conv2D, layers.DepthwiseConv2D)


# Saved networks, training/checkpoints/face.keras among them, know this layer as "maitred>Rounding".
@keras.saving.register_keras_serializable(package="maitred", name="Rounding")
class FakeQuantisation(layers.Layer):
    """Rounds to 256 levels between ``low`` and ``high``, one of which is zero."""

    def __init__(self, low: float, high: float, **options: Any) -> None:
        super().__init__(**options)
        self.low, self.high = low, high

    def call(self, values: Any) -> Any:
        """The rounded values."""
        return tf.quantization.fake_quant_with_min_max_args(values, self.low, self.high)

    def compute_output_shape(self, shape: Any) -> Any:
        """The same shape."""
        return shape

    def get_config(self) -> dict[str, Any]:
        """The options that the Keras file stores."""
        return super().get_config() | {"low": self.low, "high": self.high}


def with_fake_quantisation(network: keras.Model, pixels: Range, ranges: Sequence[Range]) -> keras.Model:
    """A copy of ``network`` that rounds its input within ``pixels`` and its layers within ``ranges``, in order."""
    pixels_in = network.inputs[0]
    copied_input = keras.Input(batch_shape=pixels_in.shape, name=pixels_in.name)
    places = {id(operation): number for number, operation in enumerate(_quantised_operations(network))}
    values = {id(pixels_in): FakeQuantisation(*pixels, name="q_pixels")(copied_input)}
    for operation in network.operations[1:]:
        after = _copy(operation)(*(values[id(tensor)] for tensor in _inputs_of(operation)))
        if id(operation) in places:
            number = places[id(operation)]
            after = FakeQuantisation(*ranges[number], name=f"q{number}")(after)
        values[id(operation.output)] = after
    copy = keras.Model(copied_input, [values[id(tensor)] for tensor in network.outputs], name=network.name)
    for layer in network.layers:
        if layer.weights:
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


def measure_ranges(network: keras.Model, pictures: Sequence[Float32Array]) -> list[Range]:
    """Lowest and highest output of each rounded layer over ``pictures``, float32 (height, width, 3)."""
    every = keras.Model(network.inputs, [operation.output for operation in _quantised_operations(network)])
    extremes = tf.function(lambda x: [(tf.reduce_min(y), tf.reduce_max(y)) for y in every([x])])
    found = np.array([[[float(end) for end in pair] for pair in extremes(x[None])] for x in pictures])
    # Convolutions are padded with zero, so zero has to be within the range.
    lows, highs = np.minimum(found[..., 0].min(0), 0), np.maximum(found[..., 1].max(0), 1e-6)
    return [(float(low), float(high)) for low, high in zip(lows, highs, strict=True)]


class TrainableNetwork:
    """``network`` with rounding in every step, and everything that is learned as :attr:`variables`.

    Each variable starts at zero and is relative: a weight to the largest weight of its output channel, a bias to the
    range of its layer's output, a range to itself (by its logarithm). So one learning rate suits all of them.
    """

    def __init__(self, network: keras.Model, pixels: Range, ranges: Sequence[Range]) -> None:
        self._network, self._pixels = network, pixels
        rounded = _quantised_operations(network)
        self._places = {id(operation): number for number, operation in enumerate(rounded)}
        self._ranges = tf.constant(ranges, tf.float32)
        self._stretch = tf.Variable(tf.zeros_like(self._ranges))
        self._start: dict[str, tuple[Float32Array, Float32Array, Float32Array, float]] = {}
        self._learned: dict[str, tuple[tf.Variable, tf.Variable]] = {}
        for operation in network.operations:
            if isinstance(operation, _WEIGHTED):
                kernel, bias = operation.get_weights()
                low, high = ranges[self._places[id(self._ends(operation))]]
                largest = np.maximum(np.abs(kernel).max(_across(operation), keepdims=True), 1e-8)
                self._start[operation.name] = kernel, largest, bias, high - low
                self._learned[operation.name] = tf.Variable(tf.zeros(kernel.shape)), tf.Variable(tf.zeros(bias.shape))

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that are learned."""
        return [self._stretch, *(variable for pair in self._learned.values() for variable in pair)]

    def __call__(self, pixels: tf.Tensor) -> list[tf.Tensor]:
        """The outputs for a batch of inputs, float32."""
        fake = tf.quantization.fake_quant_with_min_max_vars
        ends = self._ranges * tf.exp(self._stretch)
        values = {id(self._network.inputs[0]): fake(pixels, *self._pixels)}
        for operation in self._network.operations[1:]:
            before = [values[id(tensor)] for tensor in _inputs_of(operation)]
            if isinstance(operation, _WEIGHTED):
                after = self._convolved(operation, before[0])
            elif _has_upper_end(operation):
                # The gradient passes straight through: an output beyond its limit must be able to come back.
                after = before[0] + tf.stop_gradient(operation(before[0]) - before[0])
            else:
                after = operation(before if len(before) > 1 else before[0])
            if id(operation) in self._places:
                low, high = tf.unstack(ends[self._places[id(operation)]])
                after = fake(after, low, high)
            values[id(operation.output)] = after
        return [values[id(tensor)] for tensor in self._network.outputs]

    def network(self) -> keras.Model:
        """The trained network, as :func:`with_fake_quantisation` makes it; ``network`` itself gets the weights too."""
        for name in self._learned:
            kernel, bias = self._weights(name)
            self._network.get_layer(name).set_weights([kernel.numpy(), bias.numpy()])
        ends = (self._ranges * tf.exp(self._stretch)).numpy()
        return with_fake_quantisation(self._network, self._pixels, [(float(low), float(high)) for low, high in ends])

    def _weights(self, name: str) -> tuple[tf.Tensor, tf.Tensor]:
        kernel, largest, bias, width = self._start[name]
        learned_kernel, learned_bias = self._learned[name]
        return kernel + largest * learned_kernel, bias + width * learned_bias

    def _convolved(self, layer: keras.Layer, x: tf.Tensor) -> tf.Tensor:
        kernel, bias = self._weights(layer.name)
        step = tf.stop_gradient(tf.reduce_max(tf.abs(kernel), _across(layer), keepdims=True) / LEVELS + 1e-12)
        kernel += tf.stop_gradient(tf.round(kernel / step) * step - kernel)
        padding = layer.padding.upper()
        if isinstance(layer, layers.DepthwiseConv2D):
            x = tf.nn.depthwise_conv2d(x, kernel, [1, *layer.strides, 1], padding)
        else:
            x = tf.nn.conv2d(x, kernel, layer.strides, padding)
        return layer.activation(x + bias)

    def _ends(self, operation: Any) -> Any:
        """The operation after which an operation's output is rounded: itself, or the limit behind it."""
        while id(operation) not in self._places:
            operation = next(other for other in self._network.operations if operation.output in _inputs_of(other))
        return operation


def _across(layer: keras.Layer) -> tuple[int, int, int]:
    """The dimensions of a kernel that share a scale."""
    return (0, 1, 3) if isinstance(layer, layers.DepthwiseConv2D) else (0, 1, 2)


def _inputs_of(operation: Any) -> list[Any]:
    inputs = operation.input
    if isinstance(operation, layers.InputLayer):
        return []
    return list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]


def _is_limit(operation: Any) -> bool:
    """Whether this is an activation that TFLite fuses with the layer before it."""
    return isinstance(operation, layers.ReLU) or type(operation).__name__ == "Clip"


def _has_upper_end(operation: Any) -> bool:
    """Whether the activation limits values from above, as those of the outputs do and a plain ReLU does not."""
    return _is_limit(operation) and getattr(operation, "max_value", 0) is not None


def _quantised_operations(network: keras.Model) -> list[Any]:
    """The operations after which values are rounded; padding, upsampling and reshaping keep their input's levels."""
    limited = {id(_inputs_of(operation)[0]) for operation in network.operations if _is_limit(operation)}
    return [
        operation
        for operation in network.operations
        if _is_limit(operation)
        or (isinstance(operation, (*_WEIGHTED, layers.Add)) and id(operation.output) not in limited)
    ]


def _copy(operation: Any) -> Any:
    if isinstance(operation, layers.Layer):
        layer = type(operation).from_config(operation.get_config())
        return (lambda *values: layer(list(values))) if isinstance(operation, layers.Add) else layer
    if type(operation).__name__ == "Clip":
        return lambda values: keras.ops.clip(values, operation.x_min, operation.x_max)
    raise MaitredError(f"{operation.name}: an operation without a rounded form")
