"""The subcommands ``maitred train`` and ``maitred evaluate``; their libraries are imported only when they run."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from edge.commands import Commands, command
from edge.errors import BadInput


def add_train(commands: Commands) -> None:
    """Add ``maitred train``."""
    parser = command(commands, "train", train, "train a network on labelled faces", log_level=logging.INFO)
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="network: mobile, table1, table1_paper, vgg16, resnet50; or an edited recipe (.toml)",
    )
    add_data_option(parser)
    parser.add_argument(
        "--photos", type=Path, action="append", default=[], metavar="DIR",
        help="folder of labelled photos, whose faces are found and cut out first; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--weights", metavar="package|imagenet|checkpoint|none|PATH",
        help="initial weights: out of a package, Keras' own, this network's checkpoint in the repository, none,"
        " a .h5 file, an earlier run's .keras file (the recipe's)",
    )  # fmt: skip
    parser.add_argument(
        "--teacher", action="append", default=[], metavar="none|FILE",
        help="Keras file of a network whose predictions are mixed into the labels; may be repeated (the recipe's)",
    )  # fmt: skip
    parser.add_argument(
        "--frozen",
        action="store_true",
        help="vgg16, resnet50: freeze the trunk, train the paper's dense layers on its features",
    )
    parser.add_argument(
        "--precision", choices=("float32", "mixed_bfloat16"), default="float32",
        help="mixed_bfloat16 is faster on CPUs with AMX and on accelerators, and slower elsewhere (float32)",
    )  # fmt: skip
    parser.add_argument(
        "--strategy", choices=("alone", "multiworker"), default="alone",
        help="multiworker: one of several processes, as the variable TF_CONFIG says; each with its own --out",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of this run")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")


def add_evaluate(commands: Commands) -> None:
    """Add ``maitred evaluate``."""
    parser = command(commands, "evaluate", evaluate, "measure a model on labelled faces", log_level=logging.INFO)
    parser.add_argument("model", metavar="NAME|FILE", help="shipped model by name, model bundle, or Keras file")
    add_data_option(parser)
    parser.add_argument(
        "--split", choices=("test", "all", "validation"), default="test", help="images to measure on (test)"
    )
    parser.add_argument("--aligned", action="store_true", help="the images are aligned face crops, not photos")
    parser.add_argument("--shrink", type=int, metavar="PX", help="shrink faces to this width first, as if further away")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write metrics.json, plots and model_card.md here")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--data DIR``."""
    about = "images whose names carry the labels (UTKFace), or a folder with a labels.csv"
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=about)


def train(options: argparse.Namespace) -> int:
    """Train to the end of the recipe; returns the exit code."""
    from training.recipe import load_recipe
    from training.requirements import require_installed

    recipe = load_recipe(options.model)
    require_installed("training", "tensorflow", "tensorboard")
    from training.fit.start import starting_weights, teacher_files

    if options.frozen:
        if options.photos or options.teacher or options.strategy != "alone" or options.precision != "float32":
            raise BadInput(
                "--frozen does not go together with --photos, --teacher, --strategy or --precision: leave them out"
            )
        from training.fit.frozen_trunk import FrozenTrunkRun

        weights = starting_weights(recipe, options.weights, options.out)
        path = FrozenTrunkRun(recipe, options.data, options.out, options.resume, weights).train()
    else:
        import keras

        from training.fit.distributed import MultiWorker, SingleWorker
        from training.fit.train import TrainingData, TrainingRun

        workers = MultiWorker() if options.strategy == "multiworker" else SingleWorker()
        keras.config.set_dtype_policy(options.precision)
        data = TrainingData(options.data, tuple(options.photos), teacher_files(recipe, options.teacher))
        weights = starting_weights(recipe, options.weights, options.out)
        path = TrainingRun(recipe, data, options.out, options.resume, weights, workers).train()
    sys.stdout.write(f"{path}\n")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Measure a model and print the figures, and write them to ``--out`` if given; returns the exit code."""
    from edge.commands.output import print_json
    from training.requirements import require_installed

    # Rather than find the plots' library missing after minutes of measuring.
    require_installed("training", "sklearn", *(["matplotlib"] if options.out else []))
    from training.evaluation.evaluate import evaluate as measure
    from training.evaluation.evaluate import summary, write

    result = measure(options.model, options.data, options.split, options.aligned, options.shrink)
    if options.out:
        write(result, options.out)
    if options.json:
        print_json(result)
    else:
        sys.stdout.write(summary(result) + "\n")
    return 0
