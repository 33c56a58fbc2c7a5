"""A thin adapter of Coral's ``edgetpu_compiler``, if it is installed; it has been tested only with a stand-in."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from edge.errors import BadInput, MaitredError
from edge.vision.bundle import Bundle, with_model_digest, write_bundle

COMPILER = "edgetpu_compiler"


def require_compiler() -> str:
    """The compiler's path.

    Raises:
        BadInput: it is not installed; the message says what to do.
    """
    found = shutil.which(COMPILER)
    if found is None:
        raise BadInput(
            f"--edgetpu needs {COMPILER}, which is not installed. Coral publishes it only for Debian on x86-64, as the"
            " package edgetpu-compiler: install that, or leave out --edgetpu; without it, python -m convert.edgetpu"
            " shows what is expected to map"
        )
    return found


def compile_bundle(bundle: Bundle, out: Path) -> None:
    """Compile the model in ``bundle`` and write it with the same card.

    Raises:
        BadInput: the compiler is not installed.
        MaitredError: the compiler refuses the model; the message repeats its last words.
    """
    compiler = require_compiler()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.tflite"
        source.write_bytes(bundle.model)
        done = subprocess.run(  # noqa: S603 (fixed command)
            [compiler, "--show_operations", "--out_dir", folder, str(source)],
            capture_output=True,
            text=True,
            check=False,
        )
        compiled = Path(folder) / "model_edgetpu.tflite"
        if done.returncode or not compiled.exists():
            last = " ".join((done.stdout + done.stderr).split()[-60:])
            raise MaitredError(f"{COMPILER} refused {bundle.card.name}: {last}")
        model = compiled.read_bytes()
        write_bundle(out, model, with_model_digest(bundle.card, model))
