"""MobileNetV1 on faces of 160 pixels, small enough for a Raspberry Pi; the default network of the agent."""

from __future__ import annotations

import keras
from keras import layers

from training.networks.heads import with_heads

SIZE = 160
# (filters of the pointwise convolution, stride of the depthwise one), after A. Howard et al., "MobileNets: Efficient
# Convolutional Neural Networks for Mobile Vision Applications", 2017, Table 1.
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip


def mobile(dropout: float = 0.3, batch_size: int | None = None) -> keras.Model:
    """MobileNetV1 1.0 without normalisation layers: float32 RGB / 255 (batch, 160, 160, 3) -> age and gender logits.

    Pretrained networks of this kind have batch normalisation, which is folded into convolutions with biases when they
    are imported. Statistics of small batches would destroy such weights, and a frozen normalisation is the same
    function as none; without it, a training step on a CPU takes half the time.
    """
    inputs = keras.Input((SIZE, SIZE, 3), batch_size=batch_size, name="face")
    x = _rectified(layers.Conv2D(32, 3, strides=2, padding="same", name="conv1")(inputs), "conv1")
    for index, (filters, stride) in enumerate(BLOCKS, start=1):
        depthwise, pointwise = f"conv_dw_{index}", f"conv_pw_{index}"
        x = _rectified(layers.DepthwiseConv2D(3, strides=stride, padding="same", name=depthwise)(x), depthwise)
        x = _rectified(layers.Conv2D(filters, 1, name=pointwise)(x), pointwise)
    return with_heads(inputs, x, "mobile", dropout)


def _rectified(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
