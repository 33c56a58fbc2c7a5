"""Multiply-accumulates of a Keras network."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def count_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one inference: convolutions and dense layers; the rest is not counted."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            total += int(np.prod(layer.kernel.shape))
        elif isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)):
            positions = int(np.prod(layer.output.shape[1:3]))
            kernels = [weight for weight in layer.weights if len(weight.shape) == 4]
            total += positions * sum(int(np.prod(kernel.shape)) for kernel in kernels)
    return total
