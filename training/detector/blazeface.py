"""BlazeFace, full range, as a Keras network: a U of separable bottlenecks down to 1/32 of the picture and up to 1/4.

V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", CVPR workshop 2019; this
variant, its widths and its weights are MediaPipe's (Apache-2.0). Only the form of the outputs differs from the
published file, so that it suits eight bits: they are in the order of the coarse grid that the last layer has; there are
four outputs instead of two, each with a scale of its own; and each output is limited to the range that matters
(:class:`DetectorOutput`), because a logit of -200 is no more background than one of -6, but takes up the range that the
others need.

The detector that ships was trained from this network (:mod:`training.detector.train`; docs/conversion.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from edge.errors import MaitredError
from training.detector.published_convolutions import Convolution

SIZE = 192
ANCHORS = 24 * 24 * 4
"""Four in each cell of the coarse grid, at the middles of its quarters, row by row."""
PIXEL_SCALE, PIXEL_ZERO = 1 / 127.5, 128
"""The network's input for a pixel p is (p - 128) / 127.5: p is then its own quantised value, and the zeros that
convolutions are padded with mean grey. The published file uses p / 127.5 - 1; the first bias makes up for the
difference."""


class DetectorOutput(NamedTuple):
    """One of the four outputs. The published value is ``factor`` times ours, within the limits of the activation.

    Attributes:
        values: which of the published 16 values of an anchor it holds; None for the score.
        width: how many values it has for each anchor.
        activation: of the last layer; it is fused with the convolution, so the limits cost nothing.
        factor: the ``factor`` on the card.
    """

    name: str
    values: slice | None
    width: int
    activation: str
    factor: float


OUTPUTS = (
    DetectorOutput("scores", None, 1, "clip", 6.0),
    DetectorOutput("centres", slice(0, 2), 2, "clip", SIZE / 3),
    DetectorOutput("sizes", slice(2, 4), 2, "relu6", SIZE / 6),
    DetectorOutput("landmarks", slice(4, 16), 12, "clip", SIZE / 2),
)
"""Logits range from -6 to 6 (0.2 to 99.8 %), sizes from nothing to the whole picture. A centre is at most a third of
the picture away from an anchor that sees its face, a landmark at most half of it."""


def blazeface() -> keras.Model:
    """The network without weights: (1, 192, 192, 3) RGB -> four outputs, (1, 2304, n), of :data:`OUTPUTS`."""
    # Layers are named by stride: s on the way down, u on the way up. Names are short, because the file keeps them.
    pixels = keras.Input((SIZE, SIZE, 3), batch_size=1, name="pixels")
    x = layers.ZeroPadding2D(1, name="stem_pad")(pixels)
    x = layers.Conv2D(32, 3, strides=2, activation="relu", name="stem")(x)
    x = _residuals(x, 2, 8, 32, "s2_")
    x = _residuals(_bottleneck(x, 16, 64, "s4_down", halve=True), 2, 16, 64, "s4_")
    quarter = _pointwise(x, 48, "s4_side")
    x = _residuals(_bottleneck(x, 32, 128, "s8_down", halve=True), 2, 32, 128, "s8_")
    eighth = _pointwise(x, 64, "s8_side")
    x = _residuals(_bottleneck(x, 48, 192, "s16_down", halve=True), 2, 48, 192, "s16_")
    sixteenth = _pointwise(x, 96, "s16_side")
    x = _residuals(_bottleneck(x, 96, 384, "s32_down", halve=True), 3, 96, 384, "s32_")
    x = _residuals(_up(x, sixteenth, 96, "u16"), 2, 48, 96, "u16_")
    x = _residuals(_up(x, eighth, 64, "u8"), 2, 32, 64, "u8_")
    x = _residuals(_up(x, quarter, 48, "u4"), 1, 24, 48, "u4_")
    return keras.Model(pixels, [_head(x, output) for output in OUTPUTS], name="face")


def _residuals(x: keras.KerasTensor, count: int, narrow: int, wide: int, name: str) -> keras.KerasTensor:
    for number in range(1, count + 1):
        step = _bottleneck(x, narrow, wide, f"{name}{number}", activation=None)
        x = layers.ReLU(name=f"{name}{number}")(layers.Add(name=f"{name}{number}_add")([x, step]))
    return x


def _bottleneck(
    x: keras.KerasTensor, narrow: int, wide: int, name: str, halve: bool = False, activation: str | None = "relu"
) -> keras.KerasTensor:
    x = _depthwise(x, f"{name}_first", halve)
    x = _pointwise(x, narrow, f"{name}_narrow")
    x = _depthwise(x, f"{name}_second")
    return _pointwise(x, wide, f"{name}_wide", activation)


def _up(x: keras.KerasTensor, side: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    x = _pointwise(x, width, name)
    x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_twice")(x)
    return layers.Add(name=f"{name}_add")([side, x])


def _head(x: keras.KerasTensor, output: DetectorOutput) -> keras.KerasTensor:
    if output.values is None:
        # One layer instead of two: between its two the published network has values of 400 that cancel out, which eight
        # bits cannot represent.
        padded = layers.ZeroPadding2D(1, name=f"{output.name}_pad")(x)
        x = layers.Conv2D(4, 3, strides=2, name=f"{output.name}_last")(padded)
    else:
        x = _pointwise(x, 4 * output.width, f"{output.name}_wide", activation=None)
        x = _depthwise(x, f"{output.name}_last", halve=True)
    # Limits of -1 and 1 are built into TFLite's convolutions, like the 6 of relu6.
    x = keras.ops.clip(x, -1, 1) if output.activation == "clip" else layers.ReLU(6, name=f"{output.name}_limit")(x)
    return layers.Reshape((ANCHORS, output.width), name=output.name)(x)


def _pointwise(x: keras.KerasTensor, width: int, name: str, activation: str | None = "relu") -> keras.KerasTensor:
    return layers.Conv2D(width, 1, activation=activation, name=name)(x)


def _depthwise(x: keras.KerasTensor, name: str, halve: bool = False) -> keras.KerasTensor:
    if not halve:
        return layers.DepthwiseConv2D(3, padding="same", name=name)(x)
    # Padded on all sides like the published file; "same" would pad a halving layer only below and on the right.
    return layers.DepthwiseConv2D(3, strides=2, name=name)(layers.ZeroPadding2D(1, name=f"{name}_pad")(x))


def load_published(network: keras.Model, published: Sequence[Convolution]) -> None:
    """Copy the published weights into the network; in the file the head of the scores comes before that of the values.

    Raises:
        MaitredError: the number of convolutions differs, or one has another kind or shape; the message names it.
    """
    *body, scores_wide, scores_last, values_wide, values_last = published
    of_body = _body(network)
    if len(of_body) != len(body):
        raise MaitredError(f"{len(published)} convolutions, where this BlazeFace has {len(of_body) + 4}")
    for layer, convolution in zip(of_body, body, strict=True):
        _set(layer, convolution, convolution.kernel, convolution.bias)
    for output in OUTPUTS:
        wide, last = (scores_wide, scores_last) if output.values is None else (values_wide, values_last)
        chosen = _channels(output)
        kernel, bias = last.kernel[:, :, chosen] / output.factor, last.bias[chosen] / output.factor
        ours = network.get_layer(f"{output.name}_last")
        if output.values is None:
            # Exact except for anchors at the upper and left edge, where the published file pads between the two layers.
            bias = bias + (kernel[..., 0] * wide.bias).sum((0, 1))
            ours.set_weights([wide.kernel * kernel[..., 0][:, :, None], bias])
        else:
            _set(network.get_layer(f"{output.name}_wide"), wide, wide.kernel[..., chosen], wide.bias[chosen])
            _set(ours, last, kernel, bias)


def _body(network: keras.Model) -> list[keras.Layer]:
    """The convolutions before the heads, in the order of the published file."""
    weighted = [layer for layer in network.layers if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D))]
    names = [layer.name for layer in weighted]
    names = names[: names.index("u4_1_wide") + 1]
    # Keras lists the side connections last; the file has each where the way down goes on.
    for side, following in (("s4", "s8"), ("s8", "s16"), ("s16", "s32")):
        names.remove(f"{side}_side")
        names.insert(names.index(f"{following}_down_first"), f"{side}_side")
    return [network.get_layer(name) for name in names]


def _channels(output: DetectorOutput) -> list[int]:
    """The channels of the published head that hold this output's values for the four anchors of a cell."""
    every = 1 if output.values is None else 16
    start = 0 if output.values is None else output.values.start
    return [anchor * every + start + value for anchor in range(4) for value in range(output.width)]


def _set(layer: keras.Layer, convolution: Convolution, kernel: np.ndarray, bias: np.ndarray) -> None:
    expected = [tuple(weight.shape) for weight in layer.weights]
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    if depthwise != (convolution.operator == "DEPTHWISE_CONV_2D") or expected != [kernel.shape, bias.shape]:
        found = f"{convolution.name}: {convolution.operator} {kernel.shape}"
        raise MaitredError(f"{found}, where this BlazeFace has {layer.name} {expected[0]}")
    layer.set_weights([kernel, bias])


def fold_pixel_scale(network: keras.Model) -> None:
    """Change the input from p / 127.5 - 1, as published, to :data:`PIXEL_SCALE`: half a pixel step goes into a bias."""
    stem = network.get_layer("stem")
    kernel, bias = stem.get_weights()
    half_step = (PIXEL_ZERO - 127.5) * PIXEL_SCALE
    stem.set_weights([kernel, bias + half_step * kernel.sum((0, 1, 2))])


def use_cell_centres(network: keras.Model) -> None:
    """Measure centres and landmarks from the middle of a cell, which four anchors share, instead of from each anchor.

    The card can then describe the anchors as a plain grid. The quarter of a cell in between goes into the biases.
    """
    for name, sides in (("centres", 1), ("landmarks", 6)):
        factor = next(output.factor for output in OUTPUTS if output.name == name)
        layer = network.get_layer(f"{name}_last")
        kernel, bias = layer.get_weights()
        quarter = SIZE / 48 / 2 / factor
        steps = [(x, y) for y in (-quarter, quarter) for x in (-quarter, quarter)]
        shift = np.concatenate([np.tile(step, sides) for step in steps])
        layer.set_weights([kernel, bias + shift.astype(np.float32)])
