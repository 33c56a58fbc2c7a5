"""A model that did not come with maitred is tried in a process of its own first.

The runtime trusts the model file that it is given: a damaged or malicious one can crash the process that loads it.
Better a process whose end is noticed, and told by the file's name, than the agent again and again.
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
    """``bundle``, after its model was loaded and run once elsewhere; at once if it came with maitred.

    Raises:
        BadInput: the model crashes the runtime, or does not come to an end. One that the runtime refuses in good order
            is left to :meth:`Bundle.interpreter`, which tells why.
    """
    if bundle.shipped:
        return bundle
    command = [sys.executable, "-m", "edge.vision.model_sandbox"]
    try:
        done = subprocess.run(command, input=bundle.model, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 (our own command)
    except subprocess.TimeoutExpired:
        raise BadInput(f"{bundle.card.name}: the model does not finish within {TIMEOUT_S:.0f} s") from None
    if done.returncode < 0:
        raise BadInput(
            f"{bundle.card.name}: the model crashes the runtime (signal {-done.returncode}); it is damaged, or worse. "
            "Make it anew with maitred convert"
        )
    return bundle


def main() -> None:
    """Load and run the model on standard input."""
    import numpy as np

    from edge.errors import MaitredError
    from edge.vision.interpreter import Interpreter

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        interpreter = Interpreter(sys.stdin.buffer.read())
        taken = interpreter.inputs[0]
        interpreter.run(np.zeros(taken.shape, taken.dtype))
    except (MaitredError, ValueError, RuntimeError, IndexError, MemoryError) as error:
        sys.exit(f"refused: {error}")


if __name__ == "__main__":
    main()
