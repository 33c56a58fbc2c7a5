"""VGG16, the paper's trunk, with our heads on its pooled features."""

from __future__ import annotations

import keras
from keras import layers

from training.networks.heads import with_heads

SIZE = 128
"""Pixels. UTKFace has little more detail, and at the paper's 180 pixels a face takes twice as long."""
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def vgg16(dropout: float = 0.3, batch_size: int | None = None, paper_head: bool = False) -> keras.Model:
    """Five blocks of 3x3 convolutions and a 2x2 pooling each: float32 RGB / 255 (batch, 128, 128, 3) -> logits.

    K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015,
    configuration D. Its dense layers (119 of its 138 million parameters) are replaced by an average over the last map;
    ``paper_head`` adds the paper's dense layers behind it.
    """
    inputs = keras.Input((SIZE, SIZE, 3), batch_size=batch_size, name="face")
    x = inputs
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for index in range(1, convolutions + 1):
            name = f"block{block}_conv{index}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return with_heads(inputs, x, "vgg16", dropout, paper_head)
