"""From pixels to the input tensor."""

from __future__ import annotations

import numpy as np
import pytest

from edge.vision.card import Input
from edge.vision.interpreter import Tensor
from edge.vision.preprocess import Preprocess

BLUE, GREEN, RED = 10, 120, 250
PIXEL = np.full((16, 16, 3), (BLUE, GREEN, RED), np.uint8)


@pytest.mark.parametrize(
    ("dtype", "colour", "mapping", "quantisation", "expected"),
    [
        pytest.param("uint8", "RGB", (1 / 255, 0.0), (1 / 255, 0), (RED, GREEN, BLUE), id="uint8 passes through, RGB"),
        pytest.param("uint8", "BGR", (1 / 255, 0.0), (1 / 255, 0), (BLUE, GREEN, RED), id="uint8 passes through, BGR"),
        pytest.param("int8", "RGB", (1 / 255, 0.0), (1 / 255, -128), (122, -8, -118), id="int8"),
        pytest.param("int8", "BGR", (1 / 127.5, -1.0), (1 / 64, 0), (-59, -4, 61), id="int8 of another range"),
        pytest.param("int8", "BGR", (1.0, 0.0), (1.0, 0), (BLUE, GREEN, 127), id="int8 clips"),
        pytest.param("float32", "RGB", (1 / 127.5, -1.0), (0.0, 0), (0.960784, -0.058824, -0.921569), id="float"),
        pytest.param("float32", "BGR", (1.0, -110.0), (0.0, 0), (-100, 10, 140), id="float, mean removed"),
    ],
)
def test_pixels_become_tensor_values_as_the_card_says(dtype, colour, mapping, quantisation, expected):
    card = Input(width=16, height=16, dtype=dtype, colour=colour, scale=mapping[0], offset=mapping[1])
    tensor = Preprocess(card, Tensor(0, "x", (1, 16, 16, 3), np.dtype(dtype), *quantisation))(PIXEL)
    assert tensor.shape == (1, 16, 16, 3)
    assert tensor.dtype == dtype
    assert tensor.flags.c_contiguous
    assert tensor[0, 3, 7] == pytest.approx(np.array(expected), abs=1e-5)


def test_pixels_are_unchanged_if_the_card_asks_for_no_conversion():
    card = Input(width=16, height=16, dtype="uint8", colour="BGR", scale=1 / 255, offset=0)
    image = np.arange(768, dtype=np.uint16).astype(np.uint8).reshape(16, 16, 3)
    assert (Preprocess(card, Tensor(0, "x", (1, 16, 16, 3), np.dtype("uint8"), 1 / 255, 0))(image)[0] == image).all()
