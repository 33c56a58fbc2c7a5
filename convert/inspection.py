"""What a quantised model must look like inside, read from the file itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edge.errors import MaitredError

INTEGER = {schema.TensorType.INT8: "int8", schema.TensorType.UINT8: "uint8", schema.TensorType.INT32: "int32"}
WEIGHTED = {
    schema.BuiltinOperator.CONV_2D: "CONV_2D",
    schema.BuiltinOperator.DEPTHWISE_CONV_2D: "DEPTHWISE_CONV_2D",
    schema.BuiltinOperator.FULLY_CONNECTED: "FULLY_CONNECTED",
}
MAX_FACTOR = 256.0
"""From here on the runtime's fast kernels refuse a layer, and the model falls back to kernels many times slower."""


@dataclass(frozen=True, eq=False)
class WeightedLayer:
    """A convolution or dense layer: its operator, its output's name, and the scales of what goes in, weighs, comes out.

    ``weight_scales`` is float (n,): one scale for each output channel, or a single one for the whole tensor.
    """

    operator: str
    name: str
    input_scale: float
    weight_scales: npt.NDArray[np.float64]
    output_scale: float

    @property
    def factor(self) -> float:
        """The largest number by which a sum of products is multiplied to become an output step."""
        return float(self.input_scale * self.weight_scales.max() / self.output_scale)


def weighted_layers(model: bytes) -> list[WeightedLayer]:
    """The layers with weights of a fully quantised TFLite model, in order of execution.

    Raises:
        MaitredError: a tensor is not an integer.
    """
    file: Any = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = file.subgraphs[0]
    for tensor in graph.tensors:
        if tensor.type not in INTEGER:
            raise MaitredError(
                f"{_name(tensor)}: not an integer after quantisation; the network has an unsuitable layer"
            )
    found = []
    for operator in graph.operators:
        code = file.operatorCodes[operator.opcodeIndex].builtinCode
        if code in WEIGHTED:
            taken, weights = (graph.tensors[index] for index in operator.inputs[:2])
            given = graph.tensors[operator.outputs[0]]
            before, within, after = (np.asarray(t.quantization.scale, np.float64) for t in (taken, weights, given))
            found.append(WeightedLayer(WEIGHTED[code], _name(given), float(before[0]), within, float(after[0])))
    return found


def check_quantised(model: bytes) -> None:
    """Make sure that a model is integer throughout and runs on the fast kernels.

    Raises:
        MaitredError: it does not; the message names the tensor.
    """
    for layer in weighted_layers(model):
        if not layer.factor < MAX_FACTOR:
            raise MaitredError(
                f"{layer.name}: its outputs are tiny beside its weights (factor {layer.factor:.0f}, not below"
                f" {MAX_FACTOR:.0f}), which would make the model many times slower; train it again"
            )


def _name(tensor: Any) -> str:
    return bytes(tensor.name).decode(errors="replace")
