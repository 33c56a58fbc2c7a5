"""A fixed picture, the same on every machine. A model's outputs for it show whether it runs as it was verified."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from edge.vision.card import Card
from edge.vision.interpreter import Interpreter


def reference_picture(shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Smooth waves with some noise, uint8 of the given shape. Only integers are used, so that no rounding differs."""
    place = np.arange(int(np.prod(shape)), dtype=np.uint32)
    waves = (place // 7) % 256 + (place // 1021) % 256
    noise = ((place * np.uint32(2654435761)) >> np.uint32(27)) & np.uint32(31)
    return ((waves // 2 + noise) % 256).astype(np.uint8).reshape(shape)


def outputs_sha256(interpreter: Interpreter) -> str:
    """SHA-256 of the outputs, in their order, that a loaded model with uint8 or float input gives for the picture."""
    tensor = interpreter.inputs[0]
    outputs = interpreter.run(reference_picture(tensor.shape).astype(tensor.dtype))
    return hashlib.sha256(b"".join(output.tobytes() for output in outputs)).hexdigest()


def runs_as_verified(card: Card, interpreter: Interpreter) -> bool | None:
    """Whether the model's outputs for the picture are, to the bit, those whose digest is in the card; None if the card
    has no digest.
    """
    expected = card.verification.get("runtimes", {}).get("outputs_sha256")
    actual = outputs_sha256(interpreter)
    return None if expected is None else actual == expected
