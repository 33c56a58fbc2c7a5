"""``python -m convert.machine_parity``: whether bundles give the same outputs on two machines, bit for bit.

The first machine writes its inputs and outputs to a file; the second runs the same inputs and compares. This needs only
what the device has, no TensorFlow.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras import open_camera
from edge.cameras.frame import Image
from edge.config import Settings
from edge.demo import CLIP
from edge.errors import BadInput, MaitredError
from edge.vision.alignment import crop_face
from edge.vision.bundle import Bundle, load_bundle, shipped_models
from edge.vision.detection import Detection
from edge.vision.detector import FaceDetector
from edge.vision.preprocess import Preprocess
from edge.vision.self_check import reference_picture
from edge.vision.tiling import find_faces

Array = npt.NDArray[Any]
FRAMES = (110, 210, 310)
"""Frames of the demo clip that are used."""
MAX_STEPS = 1.0


@dataclass(frozen=True)
class OutputDifference:
    """The comparison of one model on two machines: of ``values`` outputs, ``differing`` have other bits.

    ``steps`` is the largest difference in quantisation steps or, for a float output, in 255ths of its range.
    ``accelerated`` says whether the runtime's fast kernels ran.
    """

    model: str
    inputs: int
    values: int
    differing: int
    steps: float
    accelerated: bool

    def verdict(self) -> str:
        """The result in words."""
        if not self.accelerated:
            return "WITHOUT the runtime's fast kernels"
        if not self.differing:
            return "same bits"
        return f"{self.differing} of {self.values} values differ, by {self.steps:.2g} steps at most"

    def fault(self) -> str | None:
        """What is wrong, or None."""
        return None if self.accelerated and self.steps <= MAX_STEPS else f"{self.model}: {self.verdict()}"


def fixed_inputs(bundle: Bundle, seen: Sequence[tuple[Image, list[Detection]]]) -> Array:
    """Fixed inputs for a model, uint8 BGR (n, height, width, 3): artificial ones, then those of the clip (``seen``)."""
    width, height = bundle.card.input.width, bundle.card.input.height
    shape = (height, width, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    drawn = [reference_picture(shape), noise, np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)]
    for image, faces in seen:
        if bundle.card.crop is None:
            drawn.append(np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
        else:
            drawn += [crop_face(image, face, bundle.card.crop, width) for face in faces]
    return np.stack(drawn)


def faces_of_the_clip() -> list[tuple[Image, list[Detection]]]:
    """Some frames of the demo clip, uint8 BGR, each with the faces in it."""
    settings = Settings().detection
    detector = FaceDetector(load_bundle(settings.model), min_score=settings.min_score)
    with open_camera(str(CLIP)) as camera:
        frames = [frame.image for number, frame in enumerate(iter(camera.read, None)) if number in FRAMES]
    return [(frame, find_faces(frame, detector, settings.min_face_px)) for frame in frames]


def record(name: str, recorded: Array | None, seen: Sequence[tuple[Image, list[Detection]]] = ()) -> dict[str, Array]:
    """Run a model on its :func:`fixed_inputs`, or on those ``recorded`` by another machine.

    Returns arrays by name: ``MODEL/inputs``, ``MODEL/OUTPUT`` with one row for each input, ``MODEL/accelerated``.
    """
    bundle = load_bundle(name)
    interpreter = bundle.interpreter(1)
    prepare = Preprocess(bundle.card.input, interpreter.inputs[0])
    inputs = fixed_inputs(bundle, seen) if recorded is None else recorded
    rows = [interpreter.run(prepare(picture)) for picture in inputs]
    arrays = {f"{name}/inputs": inputs, f"{name}/accelerated": np.array(interpreter.accelerated)}
    for output in bundle.card.outputs:
        arrays[f"{name}/{output.name}"] = np.concatenate([row[output.index] for row in rows])
    return arrays


def compare(name: str, one: dict[str, Array], other: dict[str, Array]) -> OutputDifference:
    """Compare the outputs of a model in two records of the same inputs."""
    outputs = [key for key in other if not key.endswith(("/inputs", "/accelerated"))]
    pairs = [(one[key], other[key]) for key in outputs]
    return OutputDifference(
        name, len(one[f"{name}/inputs"]), sum(a.size for a, _ in pairs), sum(int((a != b).sum()) for a, b in pairs),
        max(_steps(a, b) for a, b in pairs), bool(other[f"{name}/accelerated"]),
    )  # fmt: skip


def _steps(one: Array, other: Array) -> float:
    apart = float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max())
    return apart if one.dtype.kind in "iu" else apart / (float(np.ptp(one)) / 255)


def _read(path: Path, names: Sequence[str]) -> dict[str, Array]:
    try:
        with np.load(path) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError) as error:
        raise BadInput(
            f"{path}: not a record of convert.machine_parity ({error}); make one on the other machine"
        ) from error
    missing = [name for name in names if f"{name}/inputs" not in arrays]
    if missing:
        raise BadInput(f"{path}: has no record of {', '.join(missing)}; record it again with these models")
    return arrays


def _write(path: Path, arrays: dict[str, Array]) -> None:
    try:
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    except OSError as error:
        raise MaitredError(f"{path}: cannot be written ({error.strerror}); give another --out") from error


def main(arguments: list[str] | None = None) -> int:
    """Record the outputs, and compare them if there is a file to compare with; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m convert.machine_parity", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="NAME|FILE", help="bundles (all that are shipped)")
    parser.add_argument("--out", type=Path, metavar="FILE.npz", help="write inputs and outputs here")
    parser.add_argument("--like", type=Path, metavar="FILE.npz", help="file of another machine to compare with")
    options = parser.parse_args(arguments)
    names = options.models or shipped_models()
    try:
        recorded = _read(options.like, names) if options.like else None
        seen = faces_of_the_clip() if recorded is None else []
        arrays: dict[str, Array] = {}
        faults = []
        for name in names:
            made = record(name, recorded[f"{name}/inputs"] if recorded else None, seen)
            difference = compare(name, recorded or made, made)
            verdict = difference.verdict() if recorded or not difference.accelerated else "recorded"
            sys.stdout.write(f"{platform.machine():8} {name:8} {difference.inputs:3} inputs: {verdict}\n")
            sys.stdout.flush()
            faults += [fault] if (fault := difference.fault()) else []
            arrays |= made
        if options.out:
            _write(options.out, arrays)
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    for fault in faults:
        sys.stderr.write(f"maitred: {fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
