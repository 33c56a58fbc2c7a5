"""``python -m convert.rebuild --data UTKFACE``: makes all bundles that ship again, from checkpoints here."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import BadInput, MaitredError, few
from edge.vision.bundle import CARD

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = ROOT / "training" / "checkpoints"
MODELS = ROOT / "edge" / "models"
DETECTOR = "face"
MAX_ROUNDING = 5e-6
"""Largest allowed difference of figures: their last bits depend on the processor, and cards have six digits."""
SHIPPED = ("mobile", "vgg16", "table1", DETECTOR)


def rebuild(name: str, data: Path, out: Path) -> None:
    """Make the bundle ``name`` at ``out``, in a process of its own, so that it cannot affect the next one.

    Raises:
        BadInput: there is no checkpoint of that name.
        MaitredError: the process failed; it has printed the reason.
    """
    checkpoint = CHECKPOINTS / f"{name}.keras"
    if not checkpoint.is_file():
        raise BadInput(f"{checkpoint}: no such checkpoint; this needs a whole copy of the repository")
    program = ["convert.detector"] if name == DETECTOR else ["edge.cli", "convert"]
    command = ["-m", *program, str(checkpoint), "--data", str(data), "--out", str(out)]
    done = subprocess.run([sys.executable, *command], check=False, cwd=ROOT, stdout=sys.stderr)  # noqa: S603 (fixed)
    if done.returncode:
        raise MaitredError(f"{name}: could not be made (exit code {done.returncode}, see above)")


@dataclass(frozen=True)
class RebuildResult:
    """A rebuilt bundle compared with the old one; ``same`` allows for the last digits of figures on the card."""

    message: str
    same: bool


def compare_bundles(before: bytes | None, made: Path) -> RebuildResult:
    """Compare a bundle with the bytes that were there before."""
    after = made.read_bytes()
    digest = hashlib.sha256(after).hexdigest()
    if before is None:
        return RebuildResult(f"new, SHA-256 {digest}", same=False)
    if before == after:
        return RebuildResult(f"the same {len(after)} bytes as before, SHA-256 {digest}", same=True)
    (old_model, old_card), (model, card) = _split(before), _split(after)
    if old_model != model:
        return RebuildResult(f"ANOTHER MODEL than before, SHA-256 {digest}", same=False)
    apart = list(_differences(old_card, card))
    largest = max((distance for _, distance in apart), default=0.0)
    named = few(place for place, _ in apart)
    if largest > MAX_ROUNDING:
        return RebuildResult(f"the same model as before, ANOTHER CARD: {named}", same=False)
    message = f"the same model as before; {len(apart)} figures on its card differ in their last digit ({named})"
    return RebuildResult(message, same=True)


def _split(bundle: bytes) -> tuple[bytes, Any]:
    """The model and the card, without checking that they fit each other; for other files, all bytes and None."""
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as files:
            return bundle[: min(entry.header_offset for entry in files.infolist())], json.loads(files.read(CARD))
    except (zipfile.BadZipFile, KeyError, ValueError):
        return bundle, None


def _differences(one: Any, other: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """Where two cards differ, and by how much; infinity if the values are not both numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differences(one.get(key), other.get(key), f"{place}/{key}" if place else key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{place}/{index}")
    elif one != other:
        yield place, abs(one - other) if isinstance(one, float) and isinstance(other, float) else float("inf")


def rebuild_all(names: Sequence[str], data: Path, models: Path, check: bool) -> bool:
    """Make each bundle, and put it into ``models`` unless this is a ``check``; returns whether all are unchanged.

    Raises:
        MaitredError: one could not be made; those before it have been written.
    """
    same = True
    for name in names:
        shipped = models / f"{name}.tflite"
        before = shipped.read_bytes() if shipped.is_file() else None
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / shipped.name if check else shipped
            rebuild(name, data, made)
            result = compare_bundles(before, made)
        same &= result.same
        sys.stdout.write(f"{name}: {result.message}\n")
        sys.stdout.flush()
    return same


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m convert.rebuild", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="NAME", help=f"only these of {', '.join(SHIPPED)}")
    parser.add_argument("--data", type=Path, required=True, metavar="UTKFACE", help="the images they were trained on")
    parser.add_argument("--out", type=Path, default=MODELS, metavar="DIR", help="folder for the bundles (edge/models)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a bundle differs from the one that is there"
    )
    options = parser.parse_args(arguments)
    try:
        unknown = [name for name in options.models if name not in SHIPPED]
        if unknown:
            raise BadInput(f"{', '.join(unknown)}: not a bundle that ships; those are {', '.join(SHIPPED)}")
        same = rebuild_all(options.models or SHIPPED, options.data.resolve(), options.out.resolve(), options.check)
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    return 0 if same or not options.check else 1


if __name__ == "__main__":
    raise SystemExit(main())
