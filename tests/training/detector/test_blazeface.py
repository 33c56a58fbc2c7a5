"""BlazeFace in Keras compared with the published file."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edge.cameras import open_camera
from edge.demo import CLIP
from edge.errors import MaitredError
from edge.vision.bundle import load_bundle
from training.detector.blazeface import OUTPUTS, SIZE, blazeface, fold_pixel_scale, load_published
from training.detector.published_convolutions import Convolution, read_convolutions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Frames of the demo clip as squares: uint8 RGB (192, 192, 3)."""
    with open_camera(str(CLIP)) as camera:
        frames = [frame.image for frame in camera if frame.index in (40, 200, 330)]
    return [
        cv2.resize(image[:540, 200:740], (SIZE, SIZE), interpolation=cv2.INTER_AREA)[:, :, ::-1] for image in frames
    ]


def by_cell(values: np.ndarray) -> np.ndarray:
    """Values in our order (cell by cell) from the published order (row by row): (1, 2304, n) -> (2304, n)."""
    return values.reshape(24, 2, 24, 2, -1).swapaxes(1, 2).reshape(2304, -1)


def expected(published: bytes, picture: np.ndarray) -> list[np.ndarray]:
    """The published file's outputs, within the limits of ours."""
    interpreter = Interpreter(model_content=published)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], (picture / np.float32(127.5) - 1)[None])
    interpreter.invoke()
    values, scores = (by_cell(interpreter.get_tensor(d["index"])) for d in interpreter.get_output_details())
    found = []
    for part in OUTPUTS:
        low, high = (-part.factor, part.factor) if part.activation == "clip" else (0, 6 * part.factor)
        found.append(np.clip(scores if part.values is None else values[:, part.values], low, high))
    return found


def test_our_network_computes_what_the_published_one_computes(published_detector, pictures):
    network = blazeface()
    load_published(network, read_convolutions(published_detector))
    # At the upper and left edge the scores differ a little, because two layers became one.
    inner = by_cell(np.add.outer(np.arange(48), np.zeros(48)).reshape(1, -1, 1))[:, 0] >= 2
    inner &= by_cell(np.add.outer(np.zeros(48), np.arange(48)).reshape(1, -1, 1))[:, 0] >= 2
    for picture in pictures:
        found = network((picture / np.float32(127.5) - 1)[None])
        for part, ours, theirs in zip(OUTPUTS, found, expected(published_detector, picture), strict=True):
            difference = np.abs(np.asarray(ours)[0] * part.factor - theirs)
            assert difference[inner].max() < 1e-3, part.name
            assert difference.max() < (0.2 if part.name == "scores" else 1e-3)
        assert float(np.asarray(found[0]).max()) > 0, "there is a face in it"


def test_folding_the_input_scale_keeps_the_outputs(published_detector, pictures):
    network = blazeface()
    load_published(network, read_convolutions(published_detector))
    fold_pixel_scale(network)
    for picture in pictures:
        found = network((picture.astype(np.float32) - 128)[None] / 127.5)
        for part, ours, theirs in zip(OUTPUTS, found, expected(published_detector, picture), strict=True):
            assert np.abs(np.asarray(ours)[0] * part.factor - theirs).max() < (0.2 if part.name == "scores" else 0.1)


def convolution(operator: str, *kernel: int) -> Convolution:
    return Convolution("odd", operator, np.zeros(kernel, np.float32), np.zeros(kernel[-1], np.float32))


def test_weights_of_another_network_are_refused_by_name(published_detector):
    known = read_convolutions(published_detector)
    for changed, message in (
        (known[:-1], "convolutions, where this BlazeFace has"),
        ([convolution("CONV_2D", 3, 3, 3, 24), *known[1:]], r"odd: CONV_2D \(3, 3, 3, 24\).*stem"),
        ([known[0], convolution("CONV_2D", 3, 3, 32, 1), *known[2:]], "odd: CONV_2D.*s2_1_first"),
    ):
        with pytest.raises(MaitredError, match=message):
            load_published(blazeface(), changed)


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"\x1c\x00\x00\x00TFL3" + b"\xff" * 90], ids=len)
def test_bytes_that_are_not_a_tflite_file_are_refused(content):
    with pytest.raises(MaitredError):
        read_convolutions(content)


def test_an_unknown_layer_is_named():
    with pytest.raises(MaitredError, match="an unknown layer: QUANTIZE"):
        read_convolutions(load_bundle("mobile").model)
