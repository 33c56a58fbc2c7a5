"""The part of a card about the model's errors, for the census and for people, measured on the validation split.

``python -m convert.card_calibration BUNDLE.tflite --data DIR`` measures a finished bundle again and replaces that part
of its card; the model in it stays the same, byte for byte.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from convert.card_numbers import round_floats
from edge.census.shares.calibration import KEY, Calibration
from edge.errors import BadInput
from edge.labels import GENDER_OF_LABEL
from edge.vision.bundle import Bundle, load_bundle, write_bundle
from training.data.dataset import Split, read_dataset
from training.evaluation.calibration_faces import calibration_faces
from training.evaluation.metrics import evaluation_report
from training.evaluation.predictors import PredictionResult, bundle_predictor, predict

log = logging.getLogger(__name__)
SPLIT: Split = "validation"


def make_calibration(outcome: PredictionResult) -> dict[str, Any]:
    """The ``calibration`` of a card, from the model's estimates on the validation split.

    Its ``face_estimates`` has every face of which both labels are known (see
    :class:`edge.census.shares.calibration.Calibration`); the other members are summaries.
    """
    figures = evaluation_report(outcome.samples, outcome.predictions)
    found: dict[str, Any] = round_floats({
        "split": SPLIT, "age": figures["age_confusion"],
        "gender": {"classes": list(GENDER_OF_LABEL.values()), "matrix": figures["confusion_matrix"]},
        "age_error_years": {"bias": figures["age_bias"], "mae": figures["age_mae"]},
    })  # fmt: skip
    faces = calibration_faces(outcome)
    return {**found, KEY: faces.table()} if len(faces) else found


def recalibrate(path: Path, data: Path) -> Bundle:
    """Measure the bundle at ``path`` on the validation split of ``data`` (face crops), and update its card.

    Raises:
        BadInput: bundle or data cannot be used, or the bundle does not estimate age and gender.
        MaitredError: the bundle cannot be written.
    """
    bundle = load_bundle(str(path)).require("demographics")
    outcome = predict(read_dataset(data).of(SPLIT), bundle_predictor(bundle))
    card = bundle.card.model_copy(update={"calibration": make_calibration(outcome)})
    write_bundle(path, bundle.model, card)
    return load_bundle(str(path))


def main(arguments: list[str] | None = None) -> int:
    """Recalibrate bundles; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m convert.card_calibration", description=recalibrate.__doc__)
    parser.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE.tflite")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="labelled face crops")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        for path in options.bundles:
            bundle = recalibrate(path, options.data)
            faces = Calibration.read(bundle.card.calibration, str(path))
            log.info("%s: %d faces", path, 0 if faces is None else len(faces))
    except BadInput as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
