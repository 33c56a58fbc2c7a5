"""Recipe files."""

from __future__ import annotations

import json

import pytest

from edge.errors import BadInput
from training.recipe import RECIPES, load_recipe


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.toml")))
def test_every_recipe_loads_and_names_its_network(name):
    recipe = load_recipe(name)
    assert recipe.network == name
    assert recipe.epochs > 0
    assert 16 <= recipe.augment.shrink_to <= 180
    # What run.json keeps can be compared with the recipe of a resumed run.
    assert json.loads(json.dumps(recipe.as_dict())) == recipe.as_dict()


def test_an_unknown_network_is_refused_with_those_that_there_are():
    with pytest.raises(BadInput, match=r"resnet18: no such network; there is a recipe for .*table1"):
        load_recipe("resnet18")
