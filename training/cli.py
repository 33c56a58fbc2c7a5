"""``maitred train`` and ``maitred evaluate``; what they need is imported when they run."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from edge.commands import Commands, command


def add_train(commands: Commands) -> None:
    """Add ``maitred train``."""
    parser = command(commands, "train", train, "train a network on labelled faces", log_level=logging.INFO)
    parser.add_argument("model", metavar="MODEL", help="network: table1")
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of this run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")


def add_evaluate(commands: Commands) -> None:
    """Add ``maitred evaluate``."""
    parser = command(commands, "evaluate", evaluate, "measure a model on labelled faces", log_level=logging.INFO)
    parser.add_argument("model", metavar="NAME|FILE", help="shipped model by name, model bundle, or Keras file")
    add_data(parser)
    parser.add_argument(
        "--split", choices=("test", "all", "validation"), default="test", help="images to measure on (test)"
    )
    parser.add_argument("--aligned", action="store_true", help="the images are aligned face crops, not photos")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write metrics.json and report.md here")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def add_data(parser: argparse.ArgumentParser) -> None:
    """``--data DIR``."""
    about = "images whose names carry the labels (UTKFace), or a folder with a labels.csv"
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=about)


def train(options: argparse.Namespace) -> int:
    """Train to the end of the recipe."""
    from training.recipe import load_recipe
    from training.requirements import require

    recipe = load_recipe(options.model)
    require("training", "tensorflow", "tensorboard")
    from training.train import Run

    sys.stdout.write(f"{Run(recipe, options.data, options.out, options.resume).train()}\n")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Measure, print, and write where ``--out`` says."""
    from edge.commands.output import print_json
    from training.evaluate import evaluate as measure
    from training.evaluate import summary, write

    result = measure(options.model, options.data, options.split, options.aligned)
    if options.out:
        write(result, options.out)
    if options.json:
        print_json(result)
    else:
        sys.stdout.write(summary(result) + "\n")
    return 0
