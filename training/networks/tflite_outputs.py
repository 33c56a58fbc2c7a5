"""Describing the outputs of a TFLite model for its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.vision.card import Output
from edge.vision.interpreter import Interpreter


def describe_outputs(model: bytes, names: Mapping[int, Any], of: str) -> tuple[Output, ...]:
    """All outputs of ``model``, in order, each named in ``names`` by the length of its last dimension.

    The converter may change the order of the network's outputs; their shapes identify them. ``of`` is the name of the
    model in error messages.
    """
    return tuple(
        Output(
            name=names[tensor.shape[-1]], index=index, shape=tensor.shape, dtype=tensor.dtype.name,
            scale=tensor.scale, zero_point=tensor.zero_point,
        )
        for index, tensor in enumerate(Interpreter(model, name=of).outputs)
    )  # fmt: skip
