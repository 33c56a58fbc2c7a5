"""Weight files, our own and published ones, whose layers are found by name, and files that do not fit."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from edge.errors import BadInput
from training.networks.heads import HEADS
from training.networks.load_weights import load_weights, read_weights, write_weights
from training.networks.mobile import mobile
from training.networks.pretrained import Layers
from training.networks.vgg16 import vgg16

pytestmark = pytest.mark.slow


def random_layers(seed: int = 0) -> Layers:
    """Weights for the trunk of VGG16 under our names, already for RGB / 255."""
    rng = np.random.default_rng(seed)
    return {
        layer.name: {weight.name: rng.normal(0, 0.1, weight.shape).astype(np.float32) for weight in layer.weights}
        for layer in vgg16().layers
        if layer.weights and layer.name not in HEADS
    }


def vggface_file(path: Path, layers: Layers, nested: bool, leave_out: str = "") -> Path:
    """The same layers as keras-vggface publishes them: conv1_1 … conv5_3 and the layers without weights."""
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if nested else file
        renamed = {name.replace("block", "conv").replace("_conv", "_"): arrays for name, arrays in layers.items()}
        names = ["input_1", *renamed, "pool5"]
        root.attrs["layer_names"] = [name.encode() for name in names if name != leave_out]
        for name in names:
            group = root.create_group(name)
            arrays = renamed.get(name, {})
            group.attrs["weight_names"] = np.array([f"{name}/{kind}:0".encode() for kind in arrays], dtype="S64")
            for kind, array in arrays.items():
                group.create_dataset(f"{name}/{kind}:0", data=array)
    return path


def test_weights_are_read_as_they_were_written(tmp_path):
    layers = {"first": {"kernel": np.arange(12.0).reshape(3, 4), "bias": np.ones(4)}, "second": {"kernel": np.eye(2)}}
    write_weights(tmp_path / "own.h5", layers, "random numbers")
    found, about = read_weights(tmp_path / "own.h5")
    assert about == "random numbers"
    assert list(found) == ["first", "second"]
    assert list(found["first"]) == ["kernel", "bias"]
    for name, arrays in layers.items():
        for kind, array in arrays.items():
            assert found[name][kind].dtype == np.float16
            assert np.array_equal(found[name][kind], array)


def test_our_own_file_sets_the_trunk_and_not_the_heads(tmp_path, caplog):
    layers = random_layers()
    path = tmp_path / "own.h5"
    write_weights(path, {**layers, "identities": {"kernel": np.zeros((512, 9))}}, "random numbers")
    model = vgg16()
    heads = [model.get_layer(name).get_weights() for name in HEADS]
    with caplog.at_level(logging.INFO):
        digest = load_weights(model, str(path))["sha256"]
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"weights {path}, SHA-256 {digest}" in caplog.text
    assert "not used: identities" in caplog.text
    for name, arrays in layers.items():
        for loaded, array in zip(model.get_layer(name).get_weights(), arrays.values(), strict=True):
            assert np.array_equal(loaded, array.astype(np.float16).astype(np.float32))
    for name, before in zip(HEADS, heads, strict=True):
        for loaded, array in zip(model.get_layer(name).get_weights(), before, strict=True):
            assert np.array_equal(loaded, array)


@pytest.mark.parametrize("nested", [False, True], ids=["save_weights", "whole model"])
def test_vggface_files_load_by_name_whether_nested_or_not(tmp_path, nested, caplog):
    layers = random_layers(1)
    path = vggface_file(tmp_path / "rcmalli_vggface_tf_notop_vgg16.h5", layers, nested)
    model = vgg16()
    with caplog.at_level(logging.INFO):
        digest = load_weights(model, str(path))["sha256"]
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in caplog.text
    for name, arrays in list(layers.items())[1:]:
        for loaded, array in zip(model.get_layer(name).get_weights(), arrays.values(), strict=True):
            assert np.array_equal(loaded, array), name
    # The first convolution of such files expects BGR in 0..255.
    first, _ = model.get_layer("block1_conv1").get_weights()
    np.testing.assert_allclose(first, layers["block1_conv1"]["kernel"][:, :, ::-1] * 255, rtol=1e-6)


def test_a_weights_file_of_the_present_keras_is_read(tmp_path):
    model = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    model.save(tmp_path / "model.h5")
    found, ours = read_weights(tmp_path / "model.h5")
    assert not ours
    for name in ("block1_conv1", "block5_conv3"):
        for loaded, array in zip(found[name].values(), model.get_layer(name).get_weights(), strict=True):
            assert np.array_equal(loaded, array)
    load_weights(vgg16(), str(tmp_path / "model.h5"))


def test_an_earlier_run_gives_its_heads_and_its_licence(tmp_path):
    earlier = vgg16()
    for layer in earlier.layers:
        layer.set_weights([np.full(weight.shape, 0.25, np.float32) for weight in layer.get_weights()])
    path = tmp_path / "earlier.keras"
    earlier.save(path)
    data = {"about": "faces", "licence": "research"}
    run = {"recipe": {"network": "vgg16"}, "data": [data], "weights": {"about": "ImageNet's", "sha256": "cc"}}
    (tmp_path / "earlier.run.json").write_text(json.dumps(run))
    (tmp_path / "earlier.progress.jsonl").write_text('{"epoch": 1, "step": 5}\n{"epoch": 2, "step": 10}\n')
    model = vgg16()

    facts = load_weights(model, str(path))

    assert all((weight == 0.25).all() for weight in model.get_weights())
    assert facts == {
        "about": "an earlier run of 2 epochs (maitred train vgg16, from ImageNet's)", "licence": "research",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip


def test_an_earlier_run_of_another_network_is_refused(tmp_path):
    mobile().save(tmp_path / "mobile.keras")
    with pytest.raises(BadInput, match=r"mobile\.keras: a network called 'mobile', where 'vgg16' is trained"):
        load_weights(vgg16(), str(tmp_path / "mobile.keras"))


def missing_in_ours(path: Path) -> None:
    layers = random_layers()
    del layers["block4_conv2"]
    write_weights(path, layers, "random numbers")


def wrong_shape_in_ours(path: Path) -> None:
    layers = random_layers()
    layers["block2_conv1"]["kernel"] = np.zeros((3, 3, 64, 127))
    write_weights(path, layers, "random numbers")


def wrong_shape_in_vggface(path: Path) -> None:
    layers = random_layers()
    layers["block2_conv1"]["kernel"] = np.zeros((3, 3, 64, 127))
    vggface_file(path, layers, nested=False)


def another_network(path: Path) -> None:
    write_weights(path, {"stem": {"kernel": np.zeros((3, 3, 3, 8))}}, "random numbers")
    with h5py.File(path, "a") as file:
        del file.attrs["maitred"]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        pytest.param(missing_in_ours, "has no layer 'block4_conv2', which vgg16 needs", id="missing layer"),
        pytest.param(
            lambda path: vggface_file(path, random_layers(), nested=False, leave_out="conv4_2"),
            "layer 'conv4_2' is missing, which vgg16 needs as 'block4_conv2'",
            id="missing layer of VGGFace",
        ),
        pytest.param(
            wrong_shape_in_ours,
            r"layer 'block2_conv1' has weights of shape \[\(3, 3, 64, 127\), .* needs \[\(3, 3, 64, 128\)",
            id="wrong shape",
        ),
        pytest.param(
            wrong_shape_in_vggface, r"layer 'block2_conv1' has weights of shape \[\(3, 3, 64, 127\)", id="in VGGFace"
        ),
        pytest.param(another_network, "should be one of block1_conv1, conv1_1; it has stem", id="another network"),
        pytest.param(lambda path: path.write_bytes(b"not HDF5"), "not a Keras weights file", id="not HDF5"),
        pytest.param(lambda path: path.touch(), "not a Keras weights file", id="empty"),
        pytest.param(lambda path: h5py.File(path, "w").close(), "not a Keras weights file", id="HDF5 without layers"),
        pytest.param(lambda path: path.mkdir(), "no such weights file", id="folder"),
        pytest.param(lambda path: None, "no such weights file; give a Keras .h5 file, or imagenet", id="missing file"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_naming_file_and_layer(tmp_path, write, message):
    path = tmp_path / "weights.h5"
    write(path)
    with pytest.raises(BadInput, match=rf"weights\.h5: .*{message}"):
        load_weights(vgg16(), str(path))
