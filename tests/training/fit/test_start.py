"""The weights and teachers that a run starts from: those of its recipe or those of its options."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import BadInput
from training.fit import start
from training.fit.start import CHECKPOINTS, starting_weights, teacher_files
from training.networks.import_weights import PACKAGES
from training.recipe import RECIPES, load_recipe

pytestmark = pytest.mark.slow

SHIPPED = sorted(path.stem for path in RECIPES.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_files_that_a_recipe_starts_from_exist(name):
    recipe = load_recipe(name)
    assert all(file.is_file() for file in teacher_files(recipe, []))
    fetched = recipe.weights == "package" and recipe.network in PACKAGES
    kept = recipe.weights == "checkpoint" and (CHECKPOINTS / f"{recipe.network}.keras").is_file()
    assert recipe.weights in ("none", "imagenet") or fetched or kept


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param([], (CHECKPOINTS / "mobile.keras", CHECKPOINTS / "vgg16.keras"), id="the recipe's"),
        pytest.param(["none"], (), id="none"),
        pytest.param(["a.keras", "b.keras"], (Path("a.keras"), Path("b.keras")), id="others"),
    ],
)
def test_teachers_come_from_the_option_or_the_recipe(asked, expected):
    assert teacher_files(load_recipe("mobile"), asked) == expected


def test_none_together_with_a_teacher_is_refused():
    with pytest.raises(BadInput, match="--teacher none and other teachers"):
        teacher_files(load_recipe("mobile"), ["none", "a.keras"])


def test_a_checkpoint_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "CHECKPOINTS", tmp_path)
    with pytest.raises(BadInput, match=r"teacher mobile: .*come with a clone of the repository.*--teacher none"):
        teacher_files(load_recipe("mobile"), [])


def test_an_earlier_run_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "CHECKPOINTS", tmp_path)
    with pytest.raises(BadInput, match=r"weights vgg16: .*come with a clone of the repository.*--weights package"):
        starting_weights(load_recipe("vgg16"), "checkpoint", tmp_path)


@pytest.mark.parametrize(
    ("network", "asked", "expected"),
    [
        pytest.param("table1_paper", None, None, id="from scratch"),
        pytest.param("table1", None, str(CHECKPOINTS / "table1.keras"), id="the recipe's earlier run"),
        pytest.param("resnet50", None, "imagenet", id="Keras' own"),
        pytest.param("mobile", "none", None, id="none by option"),
        pytest.param("mobile", "own.h5", "own.h5", id="a file"),
        pytest.param("vgg16", "checkpoint", str(CHECKPOINTS / "vgg16.keras"), id="the earlier run"),
    ],
)
def test_initial_weights_come_from_the_option_or_the_recipe(network, asked, expected, tmp_path):
    assert starting_weights(load_recipe(network), asked, tmp_path) == expected


def test_downloaded_weights_are_used_again(tmp_path):
    (tmp_path / "weights.h5").write_bytes(b"kept")
    assert starting_weights(load_recipe("mobile"), None, tmp_path) == str(tmp_path / "weights.h5")
    assert (tmp_path / "weights.h5").read_bytes() == b"kept"


def test_a_network_without_a_package_is_refused_with_those_that_have_one(tmp_path):
    with pytest.raises(BadInput, match="no package has weights for resnet50; mobile, vgg16 have one"):
        starting_weights(load_recipe("resnet50"), "package", tmp_path / "new")
