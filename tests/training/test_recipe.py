"""Recipe files: those that ship, and the errors about mistakes in an edited copy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import BadInput
from training.recipe import RECIPES, load_recipe

SHIPPED = sorted(path.stem for path in RECIPES.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_recipe_loads_and_names_its_network(name):
    recipe = load_recipe(name)
    assert recipe.network == name
    assert recipe.epochs > 0
    assert 16 <= recipe.augment.shrink_to <= 180
    # run.json must be comparable with the recipe of a resumed run.
    assert json.loads(json.dumps(recipe.as_dict())) == recipe.as_dict()


@pytest.mark.parametrize("name", ["resnet18", "gone.toml", ""])
def test_an_unknown_network_is_refused_naming_the_known_ones(name):
    with pytest.raises(BadInput, match=rf"^{name}: no such network; there is a recipe for .*table1"):
        load_recipe(name)


def edited(folder: Path, old: str, new: str) -> str:
    """A copy of a shipped recipe with one change."""
    text = (RECIPES / "mobile.toml").read_text(encoding="utf-8")
    assert text.count(f"\n{old}") == 1
    copy = folder / "mine.toml"
    copy.write_text(text.replace(f"\n{old}", f"\n{new}"), encoding="utf-8")
    return str(copy)


def test_an_edited_copy_is_a_recipe(tmp_path):
    recipe = load_recipe(edited(tmp_path, "dropout = 0.3", "dropout = 0"))
    assert recipe.as_dict() == load_recipe("mobile").as_dict() | {"dropout": 0}


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        pytest.param("epochs =", "epohcs =", ["epochs: missing", "epohcs: unknown key"], id="misspelt"),
        pytest.param("seed =", "# seed =", ["seed: missing"], id="missing"),
        pytest.param("seed =", "sead = 1\nseed =", ["sead: unknown key"], id="unknown"),
        pytest.param("seed = 1", 'seed = "1"', ["seed: Input should be a valid integer"], id="text for a number"),
        pytest.param("seed = 1", "seed = 1.0", ["seed: Input should be a valid integer"], id="fraction for a number"),
        pytest.param("dropout =", "dropout = true #", ["dropout: Input should be a valid number"], id="true"),
        pytest.param("dropout =", "dropout = nan #", ["dropout: Input should be a finite number"], id="no number"),
        pytest.param("noise =", "nose =", ["augment.noise: missing", "augment.nose: unknown key"], id="in the table"),
        pytest.param("scale =", "scale = [1] #", ["augment.scale: Input should be a valid number"], id="list"),
        pytest.param("[augment]", "[agument]", ["augment: missing", "agument: unknown key"], id="table"),
        pytest.param('network = "mobile"', 'network = "m"', ["network: 'm' is none of mobile"], id="no such network"),
        pytest.param("seed = 1", "seed =", ["not valid TOML: Invalid value (at line "], id="no TOML"),
    ],
)
def test_mistakes_in_a_recipe_are_named_with_the_file(tmp_path, old, new, faults):
    path = edited(tmp_path, old, new)
    with pytest.raises(BadInput) as refused:
        load_recipe(path)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(faults)
    for line, fault in zip(lines, faults, strict=True):
        assert line.startswith(f"{path}: {fault}")
