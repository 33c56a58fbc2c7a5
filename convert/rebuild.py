"""``python -m convert.rebuild --data UTKFACE``: all bundles that ship, made again from what the repository holds."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge.errors import BadInput, MaitredError

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = ROOT / "training" / "checkpoints"
MODELS = ROOT / "edge" / "models"
FACE = "face"
SHIPPED = ("mobile", "vgg16", "table1", FACE)


def rebuild(name: str, data: Path, out: Path) -> None:
    """Make the bundle ``name`` at ``out``, in a process of its own, which leaves nothing behind for the next.

    Raises:
        BadInput: there is no checkpoint of that name.
        MaitredError: the process failed; it has said why.
    """
    if name == FACE:
        command = ["-m", "convert.import_face", "--out", str(out)]
    else:
        checkpoint = CHECKPOINTS / f"{name}.keras"
        if not checkpoint.is_file():
            raise BadInput(f"{checkpoint}: no such checkpoint; this needs a whole copy of the repository")
        command = ["-m", "edge.cli", "convert", str(checkpoint), "--data", str(data), "--out", str(out)]
    done = subprocess.run([sys.executable, *command], check=False, cwd=ROOT, stdout=sys.stderr)  # noqa: S603 (fixed)
    if done.returncode:
        raise MaitredError(f"{name}: could not be made (exit code {done.returncode}, see above)")


def outcome(before: bytes | None, after: bytes) -> str:
    """What became of a bundle, in words."""
    digest = hashlib.sha256(after).hexdigest()
    if before is None:
        return f"new, SHA-256 {digest}"
    if before == after:
        return f"the same {len(after)} bytes as before, SHA-256 {digest}"
    return f"OTHER bytes than before: SHA-256 {digest}, was {hashlib.sha256(before).hexdigest()}"


def rebuild_all(names: Sequence[str], data: Path, models: Path, check: bool) -> bool:
    """Make each bundle, put it into ``models`` unless this is a ``check``; whether all are what was there before.

    Raises:
        MaitredError: one could not be made; those before it stand.
    """
    same = True
    for name in names:
        shipped = models / f"{name}.tflite"
        before = shipped.read_bytes() if shipped.is_file() else None
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / shipped.name
            rebuild(name, data, made if check else shipped)
            after = (made if check else shipped).read_bytes()
        same &= before == after
        sys.stdout.write(f"{name}: {outcome(before, after)}\n")
        sys.stdout.flush()
    return same


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m convert.rebuild", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="NAME", help=f"only these of {', '.join(SHIPPED)}")
    parser.add_argument("--data", type=Path, required=True, metavar="UTKFACE", help="the images they were trained on")
    parser.add_argument("--out", type=Path, default=MODELS, metavar="DIR", help="where they are put (edge/models)")
    parser.add_argument("--check", action="store_true", help="put nothing there; fail where one is not what is there")
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
