"""A fixed picture, the same on every machine: what a model makes of it tells whether it runs as it was verified."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from edge.vision.card import Card
from edge.vision.interpreter import Interpreter


def reference_picture(shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Smooth waves and some noise, uint8 of any shape; from integers alone, so that no machine rounds differently."""
    place = np.arange(int(np.prod(shape)), dtype=np.uint32)
    waves = (place // 7) % 256 + (place // 1021) % 256
    noise = ((place * np.uint32(2654435761)) >> np.uint32(27)) & np.uint32(31)
    return ((waves // 2 + noise) % 256).astype(np.uint8).reshape(shape)


def outputs_sha256(interpreter: Interpreter) -> str:
    """What a loaded model with uint8 or float input makes of the picture, as the SHA-256 of its outputs in order."""
    taken = interpreter.inputs[0]
    outputs = interpreter.run(reference_picture(taken.shape).astype(taken.dtype))
    return hashlib.sha256(b"".join(output.tobytes() for output in outputs)).hexdigest()


def runs_as_verified(card: Card, interpreter: Interpreter) -> bool | None:
    """Whether the picture gives the outputs, to the bit, that the card has the digest of; None without one."""
    expected = card.verification.get("runtimes", {}).get("outputs_sha256")
    found = outputs_sha256(interpreter)
    return None if expected is None else found == expected
