"""A recipe: everything that decides the result of a training run, read from one TOML file per network."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from edge.errors import BadInput

RECIPES = Path(__file__).parent / "recipes"
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
_FAULTS = {"missing": "missing", "unexpected_keyword_argument": "unknown key"}


@dataclass(frozen=True, config=_STRICT)
class Augmentation:
    """Ranges of the random changes of a training face; they resemble what a camera at a door does."""

    rotation_degrees: float
    scale: float
    shift: float
    brightness: float
    contrast: float
    gamma: float
    saturation: float
    tint: float
    occlude_probability: float
    occlude: float
    shrink_probability: float
    shrink_to: int
    blur_probability: float
    blur: float
    noise_probability: float
    noise: float
    jpeg_probability: float
    jpeg_quality: int


@dataclass(frozen=True, config=_STRICT)
class Recipe:
    """The meaning and unit of each field is written beside its value in ``training/recipes/*.toml``."""

    network: str
    weights: str
    teachers: tuple[str, ...]
    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    ema_decay: float
    dropout: float
    photos_share: float
    balance: float
    teacher_weight: float
    age_sigma: float
    age_sigma_per_year: float
    age_l1_weight: float
    gender_weight: float
    gender_smoothing: float
    augment: Augmentation

    def as_dict(self) -> dict[str, Any]:
        """The recipe for ``run.json``, in types that JSON has."""
        return dataclasses.asdict(self) | {"teachers": list(self.teachers)}


def load_recipe(name_or_path: str) -> Recipe:
    """The recipe of a network by its name, or from a file (``.toml``), such as an edited copy of one that ships.

    Raises:
        BadInput: no recipe has that name, or the file is not a recipe; every unknown, missing or wrong key is named.
    """
    known = sorted(path.stem for path in RECIPES.glob("*.toml"))
    path = Path(name_or_path) if name_or_path.endswith(".toml") else RECIPES / f"{name_or_path}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        # Through JSON, because pydantic's strict mode accepts a table for a dataclass only there.
        recipe: Recipe = TypeAdapter(Recipe).validate_json(json.dumps(values, default=str))
    except OSError as error:
        raise BadInput(f"{name_or_path}: no such network; there is a recipe for {', '.join(known)}") from error
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc']))}: {_FAULTS.get(fault['type'], fault['msg'])}"
            for fault in error.errors()
        )
        raise BadInput("\n".join(f"{path}: {fault}" for fault in faults)) from error
    except ValueError as error:
        raise BadInput(f"{path}: not valid TOML: {error}") from error
    if recipe.network not in known:
        raise BadInput(f"{path}: network: {recipe.network!r} is none of {', '.join(known)}")
    return recipe
