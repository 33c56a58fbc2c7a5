"""The paper's transfer learning on a few pictures: what is trained, what stays frozen, and what is cached."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.errors import BadInput
from edge.vision.alignment import crop_aligned
from training.fit.frozen_trunk import FrozenTrunkRun
from training.networks.checkpoint import load_network
from training.networks.heads import HEADS
from training.networks.load_weights import write_weights
from training.networks.vgg16 import vgg16
from training.recipe import load_recipe

pytestmark = pytest.mark.slow

RECIPE = dataclasses.replace(load_recipe("vgg16"), dropout=0.0)


@pytest.fixture(scope="module")
def faces(coloured_faces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return coloured_faces(tmp_path_factory.mktemp("faces"), 40)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vgg16.h5"
    rng = np.random.default_rng(1)
    trunk = [layer for layer in vgg16().layers if layer.weights and layer.name not in HEADS]
    write_weights(
        path,
        {
            # Large enough that a picture's colour still shows after thirteen layers.
            layer.name: {
                "kernel": rng.normal(0, np.sqrt(2 / np.prod(layer.kernel.shape[:3])), layer.kernel.shape),
                "bias": np.zeros(layer.bias.shape),
            }
            for layer in trunk
        },
        "random numbers",
    )
    return path


@pytest.fixture(scope="module")
def run(faces: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> FrozenTrunkRun:
    run = FrozenTrunkRun(RECIPE, faces, tmp_path_factory.mktemp("run"), False, str(weights))
    run.train()
    return run


def test_the_trunk_stays_frozen_and_the_dense_layers_learn(run: FrozenTrunkRun, faces: Path):
    model = load_network(run.out / "model.keras")
    assert model.name == "vgg16_frozen"
    for layer in run.trunk.layers:
        if layer.weights and layer.name not in HEADS:
            for before, after in zip(layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True):
                assert np.array_equal(before, after)
    right = 0
    pictures = sorted(faces.iterdir())
    for path in pictures:
        face = crop_aligned(cv2.imread(str(path)), 128)[None, :, :, ::-1].astype(np.float32) / 255
        right += (float(model(face)[1][0, 0]) > 0) == (path.name.split("_")[1] == "1")
    assert right >= 0.9 * len(pictures)


def test_cached_features_are_not_computed_again(run: FrozenTrunkRun, faces: Path, weights: Path):
    stored = sorted((run.out / "cache").glob("features-*.npy"))
    assert len(stored) == 2  # one chunk of each split
    before = [path.stat().st_mtime_ns for path in stored]
    FrozenTrunkRun(RECIPE, faces, run.out, True, str(weights))
    assert [path.stat().st_mtime_ns for path in stored] == before


@pytest.mark.parametrize(
    ("network", "given", "message"),
    [
        pytest.param("table1", "imagenet", "table1 has no frozen form", id="a network from scratch"),
        pytest.param("vgg16", None, "--frozen needs --weights", id="no weights"),
    ],
)
def test_a_run_that_cannot_be_frozen_is_refused(
    network: str, given: str | None, message: str, faces: Path, tmp_path: Path
):
    with pytest.raises(BadInput, match=message):
        FrozenTrunkRun(load_recipe(network), faces, tmp_path, False, given)


def test_a_folder_with_a_run_is_not_overwritten(run: FrozenTrunkRun, faces: Path, weights: Path):
    with pytest.raises(BadInput, match="holds a run already; add --resume"):
        FrozenTrunkRun(RECIPE, faces, run.out, False, str(weights))
    with pytest.raises(BadInput, match="holds a run with another recipe"):
        FrozenTrunkRun(dataclasses.replace(RECIPE, dropout=0.5), faces, run.out, True, str(weights))


@pytest.mark.parametrize(
    "option", [["--photos", "x"], ["--strategy", "multiworker"], ["--precision", "mixed_bfloat16"]]
)
def test_options_that_a_frozen_run_cannot_use_are_refused(option: str, tmp_path: Path, capsys):
    command = [
        "train",
        "vgg16",
        "--frozen",
        "--weights",
        "x.h5",
        "--data",
        str(tmp_path),
        "--out",
        str(tmp_path / "run"),
    ]
    assert main([*command, *option]) == 2
    assert "--frozen does not go together with --photos" in capsys.readouterr().err
