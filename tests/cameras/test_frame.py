"""A frame takes pictures of one kind, and says how to convert all others."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy
import numpy as np
import pytest

from edge.cameras import Frame
from edge.cameras.frame import check_image
from edge.errors import BadInput

COLOURS = np.random.default_rng(7).integers(0, 256, (24, 32, 3), np.uint8)


def test_a_picture_of_the_right_form_is_used_without_a_copy():
    assert check_image(COLOURS) is COLOURS
    assert check_image(COLOURS[:, ::-1, ::-1]).shape == (24, 32, 3)
    assert Frame(COLOURS, 1.0).size == (32, 24)


@pytest.mark.parametrize(
    ("picture", "found", "conversion"),
    [
        pytest.param(COLOURS / 255, "float64 (24, 32, 3)", "(picture * 255).round().astype('uint8')", id="floats"),
        pytest.param(COLOURS.astype(int), "int64 (24, 32, 3)", "picture.astype('uint8')", id="integers"),
        pytest.param(
            COLOURS.astype(np.uint16) * 257, "uint16 (24, 32, 3)", "(picture // 256).astype('uint8')", id="16 bits"
        ),
        pytest.param(COLOURS[..., 0], "uint8 (24, 32)", "cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)", id="grey"),
        pytest.param(
            COLOURS[..., :1], "uint8 (24, 32, 1)", "cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)", id="grey, three axes"
        ),
        pytest.param(
            np.dstack([COLOURS, COLOURS[..., 0]]), "uint8 (24, 32, 4)", "cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)",
            id="with transparency",
        ),
        pytest.param(
            COLOURS.transpose(2, 0, 1), "uint8 (3, 24, 32)", "picture.transpose(1, 2, 0)", id="colours first"
        ),
    ],
)  # fmt: skip
def test_the_message_names_the_array_and_a_conversion_that_works(picture: np.ndarray, found: str, conversion: str):
    with pytest.raises(BadInput) as error:
        Frame(picture, 0.0)
    assert f"got an array of {found}" in str(error.value)
    assert conversion in str(error.value)
    converted = eval(conversion, {"picture": picture, "cv2": cv2, "numpy": numpy})
    if picture.ndim == 3 and 3 in picture.shape:
        assert (converted == COLOURS).all()
    assert Frame(converted, 0.0).size == (32, 24)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        pytest.param(np.zeros((0, 32, 3), np.uint8), r"uint8 \(0, 32, 3\); it has no pixels", id="no pixels"),
        pytest.param(np.zeros((2, 24, 32, 3), np.uint8), "one picture at a time", id="a batch"),
        pytest.param(np.zeros(12, np.uint8), "bring it into that shape", id="a row of bytes"),
        pytest.param([COLOURS], "got a list; pass one picture at a time", id="a list"),
        pytest.param(None, "got None; cv2.imread returns None for a file that it cannot read", id="None"),
        pytest.param("photo.jpg", r"got 'photo.jpg'; read the file first: edge.cameras.still.read_image", id="text"),
        pytest.param(Path("photo.jpg"), r"photo.jpg'\); read the file first", id="a path"),
        pytest.param(7, "got something of type int", id="a number"),
    ],
)
def test_what_is_no_picture_is_named(picture: object, message: str):
    with pytest.raises(BadInput, match=message):
        check_image(picture)


@pytest.mark.parametrize("time_s", [math.nan, math.inf])
def test_a_frame_needs_a_time(time_s: float):
    with pytest.raises(BadInput, match="frame 3: its time is"):
        Frame(COLOURS, time_s, 3)


def test_a_frame_is_printed_in_one_line():
    assert repr(Frame(COLOURS, 1.25, 18)) == "Frame(32x24, time_s=1.250, index=18)"
