"""Cross-layer equalisation: every channel of an activation gets the same range, so that all use their eight bits.

A network of convolutions, ReLUs and sums computes the same if a channel is divided by a number where it is made and
multiplied by it where it is used. Quantisation has one scale for a whole tensor, which suits its widest channel;
narrow channels are lost in rounding. After M. Nagel et al., "Data-Free Quantization Through Weight Equalization and
Bias Correction", ICCV 2019, with ranges measured on pictures instead of estimated from the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from edge.vision.detection import Float32Array

MAX_FACTOR = 1e3
"""Largest factor by which a channel is stretched relative to the widest channel of its tensor."""
_LINEAR = (layers.Add, layers.ReLU, layers.ZeroPadding2D, layers.UpSampling2D, layers.MaxPooling2D)
"""Layers for which it makes no difference whether a channel is multiplied by a positive factor before or after."""


@dataclass(eq=False)
class _Channels:
    """Tensors whose channels can only be scaled together, the layers that make them, and the layers that use them."""

    tensors: list[keras.KerasTensor] = field(default_factory=list)
    makers: list[keras.Layer] = field(default_factory=list)
    users: list[keras.Layer] = field(default_factory=list)
    free: bool = True


def equalise(network: keras.Model, pictures: Sequence[Float32Array]) -> None:
    """Equalise ``network`` in place, by its ranges over ``pictures``, float32 (height, width, 3).

    The outputs of the network stay the same.
    """
    groups = [group for group in _groups(network) if group.free and group.makers and group.users]
    if not groups:
        return
    watched = [tensor for group in groups for tensor in group.tensors]
    ranges = _ranges(keras.Model(network.inputs, watched), pictures)
    place = 0
    for group in groups:
        widest = np.max(ranges[place : place + len(group.tensors)], axis=0)
        place += len(group.tensors)
        _scale(group, np.maximum(widest / widest.max(), 1 / MAX_FACTOR))


def _ranges(network: keras.Model, pictures: Sequence[Float32Array]) -> list[Float32Array]:
    """The largest absolute value of each channel, float32 (channels,), for each output of ``network``."""
    widest_of = tf.function(lambda picture: [tf.reduce_max(tf.abs(values), (0, 1, 2)) for values in network([picture])])
    found = [[values.numpy() for values in widest_of(picture[None])] for picture in pictures]
    return [np.max(values, axis=0) for values in zip(*found, strict=True)]


def _scale(group: _Channels, factors: Float32Array) -> None:
    """Divide the group's channels by ``factors`` where they are made, multiply by them where they are used."""
    for maker in group.makers:
        kernel, bias = maker.get_weights()
        across = factors[:, None] if isinstance(maker, layers.DepthwiseConv2D) else factors
        maker.set_weights([kernel / across, bias / factors])
    for user in group.users:
        kernel, bias = user.get_weights()
        user.set_weights([kernel * factors[:, None], bias])


def _groups(network: keras.Model) -> list[_Channels]:
    groups: dict[int, _Channels] = {}

    def join(tensors: Sequence[keras.KerasTensor]) -> _Channels:
        joined = _Channels()
        for group in {id(group): group for group in (groups[id(tensor)] for tensor in tensors)}.values():
            joined.tensors += group.tensors
            joined.makers += group.makers
            joined.users += group.users
            joined.free &= group.free
        for tensor in joined.tensors:
            groups[id(tensor)] = joined
        return joined

    for operation in network.operations:
        inputs = operation.input if isinstance(operation.input, (list, tuple)) else [operation.input]
        output = operation.output
        if isinstance(operation, (layers.Conv2D, layers.DepthwiseConv2D)):
            groups[id(inputs[0])].users.append(operation)
            groups[id(output)] = _Channels([output], [operation])
        elif isinstance(operation, _LINEAR) and getattr(operation, "max_value", None) is None:
            joined = join(inputs)
            joined.tensors.append(output)
            groups[id(output)] = joined
        else:
            # The values of a limited activation or an output must not be scaled.
            for tensor in inputs:
                if id(tensor) in groups:
                    groups[id(tensor)].free = False
            groups[id(output)] = _Channels([output], free=False)
    return list({id(group): group for group in groups.values()}.values())
