"""A recipe: everything that decides what a training run yields, read from one TOML file per network."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import BadInput

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Augment:
    """Random changes a training face goes through: what a camera over a door does to it."""

    rotation_degrees: float
    scale: float
    shift: float
    brightness: float
    contrast: float
    saturation: float
    shrink_probability: float
    shrink_to: int
    noise: float


@dataclass(frozen=True)
class Recipe:
    """Field meanings and units stand beside the values in ``training/recipes/*.toml``."""

    network: str
    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    ema_decay: float
    dropout: float
    age_sigma: float
    age_l1_weight: float
    gender_weight: float
    gender_smoothing: float
    augment: Augment

    def as_dict(self) -> dict[str, Any]:
        """For ``run.json``."""
        return dataclasses.asdict(self)


def load_recipe(name: str) -> Recipe:
    """The recipe of a network by name.

    Raises:
        BadInput: no recipe has that name.
    """
    path = RECIPES / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
        raise BadInput(f"{name}: no such network; there is a recipe for {known}")
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return Recipe(**{**values, "augment": Augment(**values["augment"])})
