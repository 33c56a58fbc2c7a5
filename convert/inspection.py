"""Checks on the inside of a quantised model, read from the file itself."""

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
"""From this factor on, the runtime's fast kernels refuse a layer, and much slower kernels run the whole model."""


@dataclass(frozen=True, eq=False)
class WeightedLayer:
    """A convolution or dense layer: its operator, the name of its output, and the scales of input, weights and output.

    ``weight_scales`` is float (n,): one scale for each output channel, or a single one for the whole tensor.
    """

    operator: str
    name: str
    input_scale: float
    weight_scales: npt.NDArray[np.float64]
    output_scale: float

    @property
    def factor(self) -> float:
        """The largest factor by which a sum of products is multiplied to give output steps."""
        return float(self.input_scale * self.weight_scales.max() / self.output_scale)


def weighted_layers(model: bytes) -> list[WeightedLayer]:
    """The layers of a fully quantised TFLite model that have weights, in order of execution.

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
            source, weights = (graph.tensors[index] for index in operator.inputs[:2])
            output = graph.tensors[operator.outputs[0]]
            before, within, after = (np.asarray(t.quantization.scale, np.float64) for t in (source, weights, output))
            found.append(WeightedLayer(WEIGHTED[code], _name(output), float(before[0]), within, float(after[0])))
    return found


def check_quantised(model: bytes) -> None:
    """Make sure that all tensors of a model are integers and that the fast kernels can run it.

    Raises:
        MaitredError: they are not, or they cannot; the message names the tensor.
    """
    for layer in weighted_layers(model):
        if not layer.factor < MAX_FACTOR:
            raise MaitredError(
                f"{layer.name}: its outputs are tiny beside its weights (factor {layer.factor:.0f}, not below"
                f" {MAX_FACTOR:.0f}), which would make the model many times slower; train it again"
            )


def _name(tensor: Any) -> str:
    return bytes(tensor.name).decode(errors="replace")
