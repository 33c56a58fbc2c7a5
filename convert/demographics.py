"""Converting a trained Keras file of an age and gender network to a verified bundle."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from convert.bias_correction import BIAS_CORRECTION_FACES, quantise_with_bias_correction
from convert.card_calibration import make_calibration
from convert.card_numbers import round_floats
from convert.comparison import Comparison
from convert.edgetpu import edgetpu_report
from convert.layer_noise import layer_noise
from convert.quantise import InputImage, quantise, representative_faces
from convert.runtime_parity import check_runtime_parity
from convert.tolerances import ToleranceExceeded, agreement, tolerances
from edge.benchmark.macs import count_macs
from edge.errors import BadInput, MaitredError
from edge.labels import AGES
from edge.vision.bundle import Bundle, load_bundle, with_model_digest, write_bundle
from edge.vision.card import Card, Input, Training
from training.data.alignment_reference import CROP
from training.data.dataset import Dataset, Split, read_dataset
from training.networks.checkpoint import load_network
from training.networks.provenance import origin
from training.networks.registry import deployed as in_deployed_form
from training.networks.tflite_outputs import describe_outputs

log = logging.getLogger(__name__)
NOISE_FACES = 8
"""Number of faces on which the noise of each layer is measured."""
NOISIEST_LAYERS = 5
MEASURED_SPLITS: tuple[Split, ...] = ("validation", "test")
CARD_FIGURES = (
    "n", "age_mae", "age_cs5", "age_interval_coverage", "gender_accuracy", "gender_precision", "gender_recall",
    "gender_specificity", "gender_f1", "gender_ece", "confusion_matrix",
)  # fmt: skip


def convert_demographics(source: Path, data: Path, out: Path) -> Bundle:
    """Quantise the network in ``source``, verify it on the validation and test split of ``data``, and write the bundle.

    Raises:
        BadInput: ``source`` or ``data`` cannot be used.
        MaitredError: the disk is full, the network cannot be quantised, or INT8 loses more than
            :mod:`convert.tolerances` allows. Then no bundle is written.
    """
    # Keras numbers the names of layers; they end up in the file, whose bytes must not depend on what ran before.
    keras.utils.clear_session()
    network = load_network(source)
    dataset = read_dataset(data)
    log.info("%s", dataset.describe())
    _check_labels(dataset, data)
    _make_folder_of(out)
    deployed = in_deployed_form(network)
    _check_room(out, deployed)
    log.info("quantising %s", network.name)
    training = dataset.of("train")
    faces = representative_faces(training, _size(deployed))
    comparison = Comparison(network, dataset)
    candidate = _candidate(source, deployed, quantise(deployed, faces), dataset)
    noisiest = _noisiest_layers(deployed, candidate.model, faces)
    try:
        comparison.measure(candidate, "validation")
    except ToleranceExceeded as loss:
        log.info("%s. Trying again with equalised channels and corrected biases", str(loss).partition(";")[0])
        more = representative_faces(training, _size(deployed), BIAS_CORRECTION_FACES)
        candidate = _candidate(source, deployed, quantise_with_bias_correction(deployed, more), dataset)
        noisiest = _noisiest_layers(deployed, candidate.model, faces)
        comparison.measure(candidate, "validation")
    comparison.measure(candidate, "test")
    blank, model = candidate.card, candidate.model
    before_and_after = (comparison.outcomes[f"{kind}/test"].predictions for kind in ("float", "int8"))
    verification = {
        "tolerance": tolerances(), "agreement": agreement(*before_and_after), "noisiest_layers": noisiest,
        "runtimes": check_runtime_parity(model), "edge_tpu": edgetpu_report(model).summary(),
    }  # fmt: skip
    calibration = make_calibration(comparison.outcomes["int8/validation"])
    results = {
        "metrics": _metrics(comparison.figures), "calibration": calibration,
        "verification": round_floats(verification),
    }  # fmt: skip
    write_bundle(out, model, with_model_digest(blank.model_copy(update=results), model))
    return load_bundle(str(out))


def _candidate(source: Path, deployed: keras.Model, model: bytes, dataset: Dataset) -> Bundle:
    return Bundle(_card(source, deployed, model, dataset), model)


def _noisiest_layers(deployed: keras.Model, model: bytes, faces: Sequence[InputImage]) -> list[dict[str, Any]]:
    noise = sorted(layer_noise(deployed, model, faces[:NOISE_FACES]), key=lambda layer: layer.snr_db)[:NOISIEST_LAYERS]
    log.info("noisiest layers: %s", ", ".join(f"{layer.layer} {layer.snr_db:.1f} dB" for layer in noise))
    return [asdict(layer) for layer in noise]


def _check_labels(dataset: Dataset, data: Path) -> None:
    for split in MEASURED_SPLITS:
        for label in ("age", "gender"):
            if all(getattr(sample, label) is None for sample in dataset.of(split)):
                raise BadInput(
                    f"{data}: no {label} label in the {split} split ({len(dataset.of(split))} images); the bundle's"
                    " figures need ages and genders: give a larger set that has both"
                )


def _make_folder_of(out: Path) -> None:
    # Checked before minutes of work, not after them.
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{out}: cannot write there ({error.strerror}); give another --out") from error
    if out.is_dir():
        raise BadInput(f"{out}: a folder; give a file name such as {out / 'table1.tflite'}")


def _check_room(out: Path, network: keras.Model) -> None:
    """Check the free space before the work, because TensorFlow's own error on a full disk is hard to understand.

    Raises:
        MaitredError: there is too little space for temporary files or for the bundle.
    """
    weights = network.count_params()
    for folder, needed, way in (
        (Path(tempfile.gettempdir()), 8 * weights, "set TMPDIR to another folder"),
        (out.parent, 2 * weights, "give another --out"),
    ):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise MaitredError(
                f"{folder}: {free / 1e6:.1f} MB free where about {needed / 1e6:.1f} are needed; make room or {way}"
            )


def _card(source: Path, deployed: keras.Model, model: bytes, dataset: Dataset) -> Card:
    name = deployed.name
    outputs = describe_outputs(model, {AGES: "age_logits", 1: "gender_logit"}, name)
    size = _size(deployed)
    return Card(
        name=name, version="1", task="demographics",
        input=Input(width=size, height=size, dtype="uint8", colour="RGB", scale=1 / 255, offset=0.0),
        outputs=outputs, crop=CROP, training=_training(source, name, dataset),
        macs=count_macs(model), source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
    )  # fmt: skip


def _size(network: keras.Model) -> int:
    return int(network.input_shape[1])


def _training(source: Path, name: str, dataset: Dataset) -> Training:
    """The training data by the run's records beside the network or, without them, by the dataset of the conversion."""
    made = origin(source).get("training")
    if made:
        return Training(**made)
    data, licence = dataset.origin
    return Training(
        data=data, licence=licence, split="80/10/10 by SHA-256 of the image file", source=f"maitred train {name}"
    )


def _metrics(figures: dict[str, Any]) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for key, values in figures.items():
        kind, split = key.split("/")
        slices = {
            name: {k: part[k] for k in ("n", "age_mae", "gender_accuracy") if k in part}
            for name, part in values["slices"].items()
        }
        metrics.setdefault(kind, {})[split] = {k: values[k] for k in CARD_FIGURES if k in values} | {"slices": slices}
    return round_floats(metrics)
