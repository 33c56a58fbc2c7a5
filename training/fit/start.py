"""What a training run starts from: the weights and teachers of its recipe, or those that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import BadInput
from training.recipe import Recipe

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
NONE = "none"
PACKAGE = "package"
CHECKPOINT = "checkpoint"


def starting_weights(recipe: Recipe, asked: str | None, out: Path) -> str | None:
    """``imagenet``, the path of a weights file, or None for a start from random numbers.

    Weights out of a package are fetched once and kept as ``weights.h5`` in the folder of the run; ``checkpoint`` is the
    network of that name in the repository, and training goes on with it.

    Raises:
        BadInput: no package has weights for this network, or the repository no checkpoint.
        MaitredError: the package cannot be fetched.
    """
    wanted = asked or recipe.weights
    if wanted == NONE:
        return None
    if wanted == CHECKPOINT:
        return str(_checkpoint(recipe.network, "weights", "--weights package, imagenet, none or FILE"))
    if wanted != PACKAGE:
        return wanted
    kept = out / "weights.h5"
    if not kept.exists():
        from training.networks.import_weights import import_weights

        import_weights(recipe.network, kept)
    return str(kept)


def teacher_files(recipe: Recipe, asked: Sequence[str]) -> tuple[Path, ...]:
    """The Keras files of the teachers.

    Raises:
        BadInput: ``none`` among others, or a checkpoint that the recipe names is not there.
    """
    if NONE in asked:
        if len(asked) > 1:
            raise BadInput("--teacher none and other teachers: give one or the other")
        return ()
    if asked:
        return tuple(map(Path, asked))
    return tuple(_checkpoint(name, "teacher", "--teacher FILE, or --teacher none") for name in recipe.teachers)


def _checkpoint(name: str, purpose: str, way_out: str) -> Path:
    file = CHECKPOINTS / f"{name}.keras"
    if not file.is_file():
        raise BadInput(
            f"{purpose} {name}: {file} is not there; checkpoints come with a clone of the repository, not with the"
            f" installed package: give {way_out}"
        )
    return file
