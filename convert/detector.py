"""``python -m convert.detector CHECKPOINT --data UTKFACE --out face.tflite``: the bundle of the INT8 face detector.

The Keras file, which :mod:`training.detector.train` writes, contains its value ranges, so no ranges are measured here.
The published float network and the INT8 network then search the same scenes, by the code of the agent
(:mod:`training.detector.compare`). If INT8 finds too few faces or reports too many false ones, no bundle is written.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import zipfile
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import keras
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from convert.card_numbers import round_floats
from convert.edgetpu import edgetpu_report
from convert.inspection import check_quantised
from convert.quantise import convert_silently
from convert.runtime_parity import check_runtime_parity
from edge.benchmark.macs import count_macs
from edge.errors import BadInput, MaitredError
from edge.vision.bundle import Bundle, load_bundle, with_model_digest, write_bundle
from edge.vision.card import Anchors, Card, Input, Output, Training
from edge.vision.interpreter import Interpreter
from training.data.dataset import Dataset, read_dataset
from training.detector.blazeface import ANCHORS, OUTPUTS, PIXEL_SCALE, PIXEL_ZERO, SIZE
from training.detector.compare import TOLERANCE, compare_on_scenes
from training.detector.import_published import PACKAGE, published_bundle
from training.detector.quantisation_aware import FakeQuantisation
from training.script import run_program

log = logging.getLogger(__name__)
MAX_BYTES = 785_000
"""Largest model; with its card the bundle stays below 800,000 bytes."""


def load_checkpoint(path: Path) -> keras.Model:
    """Load the Keras file that :mod:`training.detector.train` wrote.

    Raises:
        BadInput: there is no such file, or it is not a detector with value ranges.
    """
    # Keras numbers the names of layers; they end up in the file, whose bytes must not depend on what ran before.
    keras.utils.clear_session()
    try:
        network = keras.saving.load_model(path)
    except (ValueError, OSError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BadInput(
            f"{path}: not a Keras file of a detector ({error}); training.detector.train makes one"
        ) from error
    if not any(isinstance(layer, FakeQuantisation) for layer in network.layers) or len(network.outputs) != len(OUTPUTS):
        raise BadInput(f"{path}: a detector without value ranges for eight bits; training.detector.train makes one")
    return network


def to_int8(network: keras.Model) -> bytes:
    """Convert to full INT8: uint8 pixels in, four int8 outputs, all values in the ranges of the training.

    Raises:
        MaitredError: an operation has no INT8 form.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.int8
    try:
        model = _with_short_names(convert_silently(converter))
    except Exception as error:
        raise MaitredError(f"the detector cannot be quantised to INT8: {error}") from error
    check_quantised(model)
    if len(model) > MAX_BYTES:
        raise MaitredError(f"the detector has {len(model)} bytes, more than {MAX_BYTES}")
    return model


def _with_short_names(model: bytes) -> bytes:
    """The same model with short tensor names: the names of fused operations make up a tenth of the file."""
    file: Any = schema.ModelT.InitFromPackedBuf(model, 0)
    for graph in file.subgraphs:
        for tensor in graph.tensors:
            first = bytes(tensor.name).decode(errors="replace").split(";")[0]
            tensor.name = first.removeprefix("face/").encode()
    builder = flatbuffers.Builder(len(model))
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def make_card(model: bytes, source: Path, dataset: Dataset) -> Card:
    """The card, still without figures."""
    data, licence = dataset.origin
    return Card(
        name="face", version="2", task="face-detection",
        input=Input(
            width=SIZE, height=SIZE, dtype="uint8", colour="RGB", scale=PIXEL_SCALE, offset=-PIXEL_ZERO * PIXEL_SCALE
        ),
        outputs=_outputs(model), anchors=Anchors(cells=(24,), per_cell=(4,)),
        training=Training(
            data=f"MediaPipe's own (not published); then {data}", licence=f"Apache-2.0; {licence}",
            split="80/10/10 by SHA-256 of the image file",
            # The program's name when the shipped detector was made. It must stay, so that a rebuilt card has the same
            # bytes.
            source=f"convert.train_face, from BlazeFace full-range sparse, MediaPipe, as carried by {PACKAGE}",
        ),
        macs=count_macs(model), source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
    )  # fmt: skip


def _outputs(model: bytes) -> tuple[Output, ...]:
    """The outputs, identified by name, because two have the same shape."""
    found = []
    for index, tensor in enumerate(Interpreter(model, name="face").outputs):
        part = next(part for part in OUTPUTS if part.name in tensor.name)
        if tensor.shape != (1, ANCHORS, part.width):
            raise MaitredError(f"{tensor.name}: {tensor.shape}, not the shape of the {part.name}")
        found.append(
            Output(
                name=part.name, index=index, shape=tensor.shape, dtype=tensor.dtype.name, scale=tensor.scale,
                zero_point=tensor.zero_point, factor=part.factor,
            )
        )  # fmt: skip
    return tuple(found)


def convert_detector(source: Path, data: Path, out: Path) -> Bundle:
    """Quantise the detector, compare it with the published network, and write the bundle.

    Raises:
        BadInput: ``source`` or ``data`` cannot be used.
        MaitredError: INT8 loses more than :mod:`training.detector.compare` allows. Then no bundle is written.
    """
    network = load_checkpoint(source)
    dataset = read_dataset(data)
    model = to_int8(network)
    blank = make_card(model, source, dataset)
    # These are quick, so they come before the long comparison.
    runtimes, edge_tpu = check_runtime_parity(model), edgetpu_report(model).summary()
    metrics = compare_on_scenes(published_bundle(), Bundle(with_model_digest(blank, model), model), dataset)
    verification = {"tolerance": TOLERANCE, "runtimes": runtimes, "edge_tpu": edge_tpu}
    card = blank.model_copy(update={"metrics": round_floats(metrics), "verification": round_floats(verification)})
    write_bundle(out, model, with_model_digest(card, model))
    return load_bundle(str(out))


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m convert.detector", description=__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT.keras")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="UTKFACE", help="aligned faces, to compose scenes of"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.tflite", help="bundle to write")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return run_program(options.out, lambda: convert_detector(options.checkpoint, options.data, options.out))


if __name__ == "__main__":
    raise SystemExit(main())
