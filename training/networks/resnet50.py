"""ResNet50, the paper's other trunk, with our heads on its pooled features."""

from __future__ import annotations

import keras
from keras import layers

from training.networks.heads import with_heads

SIZE = 128
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))


def resnet50(dropout: float = 0.3, batch_size: int | None = None, paper_head: bool = False) -> keras.Model:
    """Four stages of bottleneck blocks: float32 RGB / 255 (batch, 128, 128, 3) -> logits.

    K. He et al., "Deep Residual Learning for Image Recognition", 2016, Table 1, 50 layers. Its normalisation is folded
    into biased convolutions when weights are imported, as :func:`training.networks.mobile.mobile` explains.
    """
    inputs = keras.Input((SIZE, SIZE, 3), batch_size=batch_size, name="face")
    x = layers.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = layers.Conv2D(64, 7, strides=2, activation="relu", name="conv1_conv")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(layers.ZeroPadding2D(1, name="pool1_pad")(x))
    for stage, (filters, blocks) in enumerate(STAGES, start=2):
        for block in range(1, blocks + 1):
            x = _bottleneck(x, filters, 2 if block == 1 and stage > 2 else 1, f"conv{stage}_block{block}", block == 1)
    return with_heads(inputs, x, "resnet50", dropout, paper_head)


def _bottleneck(x: keras.KerasTensor, filters: int, stride: int, name: str, project: bool) -> keras.KerasTensor:
    shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x) if project else x
    x = layers.Conv2D(filters, 1, strides=stride, activation="relu", name=f"{name}_1_conv")(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_2_conv")(x)
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([shortcut, x]))
