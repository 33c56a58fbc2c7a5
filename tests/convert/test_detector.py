"""From faces to the detector's bundle: a few steps of training, then the whole conversion."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest

from convert.detector import convert_detector, load_checkpoint, to_int8
from edge.cameras import open_camera
from edge.demo import CLIP
from edge.errors import BadInput, MaitredError
from edge.vision.bundle import load_bundle
from edge.vision.detector import FaceDetector, cut_square
from edge.vision.interpreter import Interpreter
from training.data.dataset import read_dataset
from training.detector import compare
from training.detector import train as train_face
from training.detector.backgrounds import Backgrounds
from training.detector.blazeface import OUTPUTS, blazeface
from training.detector.quantisation_aware import FakeQuantisation
from training.fit.start import CHECKPOINTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quick(published_detector):
    """Settings for a quick run: few squares, few faces, few backgrounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_face, "EQUALISATION_SQUARES", 4)
        patch.setattr(compare, "CROPS_DRAWN", 12)
        patch.setattr(compare, "FACES", 6)
        for module in (train_face, compare):
            patch.setattr(module, "Backgrounds", lambda crops, rng: Backgrounds(crops, rng, 1))
        yield patch


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Some faces of each split."""
    shared = Path(__file__).resolve().parents[3] / "shared" / "data" / "utkface"
    if not shared.is_dir():
        pytest.skip("needs the shared data (data/utkface), which is not here")
    folder = tmp_path_factory.mktemp("faces")
    for path in sorted(shared.glob("3*.jpg"))[:160:2]:
        (folder / path.name).symlink_to(path)
    assert all(read_dataset(folder).of(split) for split in ("train", "validation", "test"))
    return folder


@pytest.fixture(scope="module")
def checkpoint(quick, data, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("run") / "face.keras"
    train_face.train(data, path, steps=2, faces=12)
    return path


def test_training_again_gives_the_same_network(checkpoint, quick, data, tmp_path):
    train_face.train(data, tmp_path / "again.keras", steps=2, faces=12)
    one, other = (load_checkpoint(path) for path in (checkpoint, tmp_path / "again.keras"))
    for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    ranges = [[(q.low, q.high) for q in network.layers if isinstance(q, FakeQuantisation)] for network in (one, other)]
    assert ranges[0] == ranges[1]


def test_the_bundle_is_int8_throughout_and_the_same_again(checkpoint, quick, data, tmp_path):
    quick.setattr(compare, "TOLERANCE", 1.0)  # two steps do not make a good detector
    bundle = convert_detector(checkpoint, data, tmp_path / "a.tflite")
    assert sha256(to_int8(load_checkpoint(checkpoint))).hexdigest() == bundle.card.model_sha256
    assert (tmp_path / "a.tflite").stat().st_size <= 800_000
    card = bundle.card
    assert {output.name: (output.dtype, output.factor) for output in card.outputs} == {
        "scores": ("int8", 6), "centres": ("int8", 64), "sizes": ("int8", 32), "landmarks": ("int8", 96),
    }  # fmt: skip
    edge_tpu = card.verification["edge_tpu"]
    assert edge_tpu["expected_to_map"] == edge_tpu["operators"] > 100
    assert set(card.metrics["int8"]) == set(card.metrics["float"])
    assert len(card.metrics["int8"]) == 4
    assert "UTKFace" in card.training.data
    assert "non-commercial" in card.training.licence
    reader = FaceDetector(load_bundle(str(tmp_path / "a.tflite")), 1, 0.01)
    assert reader.detect(np.full((192, 192, 3), 128, np.uint8), 0, 0, 192) is not None


def test_a_detector_that_loses_too_much_is_not_written(checkpoint, quick, data, tmp_path):
    blind = load_checkpoint(checkpoint)
    kernel, bias = blind.get_layer("scores_last").get_weights()
    blind.get_layer("scores_last").set_weights([kernel * 0, bias * 0 - 2])
    blind.save(tmp_path / "blind.keras")
    quick.setattr(compare, "TOLERANCE", 0.01)
    with pytest.raises(MaitredError, match=r"INT8 loses too much: photo scenes, validation: recall .* -> 0\.0000"):
        convert_detector(tmp_path / "blind.keras", data, tmp_path / "blind.tflite")
    assert not (tmp_path / "blind.tflite").exists()


def test_the_shipped_detector_is_the_checkpoint_and_computes_the_same():
    shipped = load_bundle("face")
    network = load_checkpoint(CHECKPOINTS / "face.keras")
    assert sha256(to_int8(network)).hexdigest() == shipped.card.model_sha256
    file = Interpreter(shipped.model)
    for layer in network.layers:
        if layer.weights and hasattr(layer, "kernel"):  # rounded like the file's, to eight bits for each channel
            kernel, bias = layer.get_weights()
            across = (0, 1, 3) if isinstance(layer, keras.layers.DepthwiseConv2D) else (0, 1, 2)
            level = np.abs(kernel).max(across, keepdims=True) / 127
            layer.set_weights([np.round(kernel / level) * level, bias])
    with open_camera(str(CLIP)) as camera:
        frame = next(islice(iter(camera), 60, None)).image
    picture = np.ascontiguousarray(cut_square(frame, 0, 0, frame.shape[0], 192)[:, :, ::-1])
    expected = dict(
        zip((part.name for part in OUTPUTS), network(train_face.to_network_input(picture)[None]), strict=True)
    )
    for output in shipped.card.outputs:
        tensor, values = file.outputs[output.index], file.run(picture[None])[output.index]
        steps = np.abs(tensor.dequantise(values) - np.asarray(expected[output.name])) / tensor.scale
        assert steps.mean() < 5, output.name  # of 256 steps: kernels round sums and upsampled maps differently


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4"], ids=["none", "empty", "damaged"])
def test_a_file_that_is_not_a_checkpoint_is_refused_by_name(tmp_path, content):
    path = tmp_path / "x.keras"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.keras: not a Keras file of a detector"):
        load_checkpoint(path)


def test_a_network_without_ranges_is_named(tmp_path):
    keras.utils.clear_session()
    blazeface().save(tmp_path / "float.keras")
    with pytest.raises(BadInput, match=r"float\.keras: a detector without value ranges for eight bits"):
        load_checkpoint(tmp_path / "float.keras")
