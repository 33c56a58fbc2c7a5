"""The subcommand ``maitred convert``; its libraries are imported only when it runs."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from edge.commands import Commands, command
from training.cli import add_data_option


def add_convert(commands: Commands) -> None:
    """Add ``maitred convert``."""
    parser = command(
        commands, "convert", run, "quantise a trained network to INT8, verify it, bundle it",
        log_level=logging.INFO,
    )  # fmt: skip
    parser.add_argument("keras", type=Path, metavar="KERAS", help="trained network (model.keras)")
    add_data_option(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.tflite", help="model bundle to write")
    parser.add_argument(
        "--edgetpu", action="store_true", help="also compile it for the Edge TPU, as FILE_edgetpu.tflite beside it"
    )


def run(options: argparse.Namespace) -> int:
    """Convert a network; returns the exit code."""
    from training.requirements import require_installed

    require_installed("convert", "tensorflow", "sklearn")
    from convert.demographics import convert_demographics
    from convert.edgetpu_compiler import compile_bundle, require_compiler

    if options.edgetpu:
        require_compiler()  # now, not after minutes of work
    bundle = convert_demographics(options.keras, options.data, options.out)
    test = bundle.card.metrics["int8"]["test"]
    sys.stdout.write(
        f"{options.out}: {bundle.size / 1e6:.2f} MB, {(bundle.card.macs or 0) / 1e6:.0f} million"
        f" multiply-accumulates; on the test split ({test['n']} faces) age MAE {test['age_mae']:.2f} years, "
        f"gender {100 * test['gender_accuracy']:.2f} %\n"
    )
    if options.edgetpu:
        compiled = options.out.with_name(f"{options.out.stem}_edgetpu.tflite")
        compile_bundle(bundle, compiled)
        sys.stdout.write(f"{compiled}\n")
    return 0
