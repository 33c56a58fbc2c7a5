"""Trying a model that did not come with maitred, in a process of its own.

The runtime trusts every model file: a damaged or malicious one can crash the process that loads it. If that happens to
a separate process, the model is refused by name; in the agent it would happen again after every restart.
"""

from __future__ import annotations

import resource
import subprocess
import sys

from edge.errors import BadInput
from edge.vision.bundle import Bundle

TIMEOUT_S = 60.0
"""Long enough for the first run of a large model on a small board."""


def check_in_sandbox(bundle: Bundle) -> Bundle:
    """Load and run the model once in another process, unless it came with maitred. Returns ``bundle``.

    Raises:
        BadInput: the model crashes the runtime, or does not finish. If the runtime refuses it without crashing, nothing
            is raised here: :meth:`Bundle.interpreter` then says why.
    """
    if bundle.shipped:
        return bundle
    command = [sys.executable, "-m", "edge.vision.model_sandbox"]
    try:
        process = subprocess.run(command, input=bundle.model, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 (our own command)
    except subprocess.TimeoutExpired:
        raise BadInput(f"{bundle.card.name}: the model does not finish within {TIMEOUT_S:.0f} s") from None
    if process.returncode < 0:
        raise BadInput(
            f"{bundle.card.name}: the model crashes the runtime (signal {-process.returncode}); it is damaged, or "
            "worse. Make it again with maitred convert"
        )
    return bundle


def main() -> None:
    """Load the model that comes on standard input, and run it once."""
    import numpy as np

    from edge.errors import MaitredError
    from edge.vision.interpreter import Interpreter

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        interpreter = Interpreter(sys.stdin.buffer.read())
        tensor = interpreter.inputs[0]
        interpreter.run(np.zeros(tensor.shape, tensor.dtype))
    except (MaitredError, ValueError, RuntimeError, IndexError, MemoryError) as error:
        sys.exit(f"refused: {error}")


if __name__ == "__main__":
    main()
