"""The outputs of a TFLite model as its card describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.vision.card import Output
from edge.vision.interpreter import Interpreter


def describe_outputs(model: bytes, names: Mapping[int, Any], of: str) -> tuple[Output, ...]:
    """All outputs of ``model``, in its order, each named by the length of its last dimension; ``of`` is its name.

    The converter may put outputs in another order than the network has them: their shapes tell which is which.
    """
    return tuple(
        Output(
            name=names[tensor.shape[-1]], index=index, shape=tensor.shape, dtype=tensor.dtype.name,
            scale=tensor.scale, zero_point=tensor.zero_point,
        )
        for index, tensor in enumerate(Interpreter(model, name=of).outputs)
    )  # fmt: skip
