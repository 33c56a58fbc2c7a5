"""From pixels to the input tensor, as the card says. Training, conversion and the agent all use this code."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Image
from edge.vision.card import Input
from edge.vision.interpreter import Tensor


class Preprocess:
    """Turns a uint8 BGR image of the input's size into the input tensor (1, height, width, 3)."""

    def __init__(self, card: Input, tensor: Tensor) -> None:
        self._rgb = card.colour == "RGB"
        # There are only 256 pixel values, so scale, offset and quantisation together are one table.
        self._table = tensor.quantise(np.arange(256) * card.scale + card.offset)
        self._identity = tensor.dtype == np.uint8 and bool((self._table == np.arange(256)).all())

    def __call__(self, image: Image) -> npt.NDArray[Any]:
        """The input tensor for ``image``, (1, height, width, 3)."""
        pixels = image[None, :, :, ::-1] if self._rgb else image[None]
        return np.ascontiguousarray(pixels if self._identity else self._table[pixels])
