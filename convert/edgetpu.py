"""Whether the Edge TPU would run a model: ``python -m convert.edgetpu FILE`` reports on every operator in the file.

Operators are checked against the constraints that Coral publishes for its compiler ("TensorFlow models on the Edge
TPU"): integer tensors of fixed shapes of which only the three innermost dimensions are above 1, constant weights, and a
list of operators with limits of their own. The report says what is expected to map; only the compiler knows.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.errors import MaitredError
from edge.vision.bundle import load_bundle

ON_CHIP_BYTES = 7_900_000
"""Of the 8 MB on the chip, the part for weights; further weights are streamed over USB at every inference."""
SOFTMAX_ELEMENTS = 16_000
_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
_INTEGER = {schema.TensorType.INT8: "int8", schema.TensorType.UINT8: "uint8", schema.TensorType.INT32: "int32"}
_TYPES = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
_UNCONDITIONAL = frozenset({
    "ADD", "EXPAND_DIMS", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "PAD", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1",
    "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SLICE", "SPACE_TO_DEPTH", "SQUEEZE", "SUB", "TANH",
})  # fmt: skip
"""Operators that map without further conditions if the batch size is one."""


@dataclass(frozen=True)
class Operator:
    """One operator; ``reason`` says why it is not expected to map, and is None if it is."""

    name: str
    output: str
    shape: tuple[int, ...]
    dtype: str
    reason: str | None


@dataclass(frozen=True)
class EdgeTpuReport:
    """The report on one model; ``weight_bytes`` is the size of all constants."""

    operators: tuple[Operator, ...]
    weight_bytes: int

    @property
    def mapped(self) -> int:
        """How many operators are expected to map. The compiler takes the model up to the first that does not map."""
        return sum(operator.reason is None for operator in self.operators)

    @property
    def streamed_bytes(self) -> int:
        """Bytes of weights that do not fit on the chip."""
        return max(0, self.weight_bytes - ON_CHIP_BYTES)

    def summary(self) -> dict[str, Any]:
        """The summary for the card."""
        refused = [f"{operator.name}: {operator.reason}" for operator in self.operators if operator.reason]
        return {
            "operators": len(self.operators), "expected_to_map": self.mapped, "refused": refused,
            "weight_bytes": self.weight_bytes, "streamed_bytes": self.streamed_bytes,
        }  # fmt: skip

    def text(self) -> str:
        """The report as a text table."""
        lines = [
            f"{operator.name:24} {operator.dtype:6} {'x'.join(map(str, operator.shape)):14} {operator.reason or 'maps'}"
            for operator in self.operators
        ]
        fits = f"{self.streamed_bytes / 1e6:.2f} MB of them stream" if self.streamed_bytes else "all fit on the chip"
        lines.append(f"{self.mapped} of {len(self.operators)} operators are expected to map")
        lines.append(f"{self.weight_bytes / 1e6:.2f} MB of weights, {fits}")
        return "\n".join(lines)


def edgetpu_report(model: bytes) -> EdgeTpuReport:
    """Report on ``model``, a TFLite file with or without a card.

    Raises:
        MaitredError: the model has several subgraphs, which the compiler does not accept.
    """
    file: Any = schema.ModelT.InitFromPackedBuf(model, 0)
    if len(file.subgraphs) != 1:
        raise MaitredError(f"the model has {len(file.subgraphs)} subgraphs; the Edge TPU takes models with one")
    graph = file.subgraphs[0]
    operators = []
    for operator in graph.operators:
        code = file.operatorCodes[operator.opcodeIndex]
        name = _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
        output = graph.tensors[operator.outputs[0]]
        reason = _reason_not_mapped(name, operator, graph.tensors, file.buffers)
        operators.append(Operator(name, _name(output), tuple(map(int, output.shape)), _TYPES[output.type], reason))
    weights = sum(len(buffer.data) for buffer in file.buffers if buffer.data is not None)
    return EdgeTpuReport(tuple(operators), weights)


def _reason_not_mapped(name: str, operator: Any, tensors: list[Any], buffers: list[Any]) -> str | None:
    inputs = [tensors[index] for index in operator.inputs if index >= 0]
    outputs = [tensors[index] for index in operator.outputs]
    for tensor in (*inputs, *outputs):
        if tensor.type not in _INTEGER:
            return f"{_name(tensor)} is {_TYPES[tensor.type]}, not quantised"
        shape = [] if tensor.shape is None else list(tensor.shape)
        open_shape = [] if tensor.shapeSignature is None else list(tensor.shapeSignature)
        if min([*shape, *open_shape], default=1) < 1:
            return f"{_name(tensor)} has no fixed shape"
        constant = buffers[tensor.buffer].data is not None
        if not constant and any(side > 1 for side in shape[:-3]):
            return f"{_name(tensor)} has more than three dimensions above 1"
    if name in _UNCONDITIONAL:
        return None
    limit = _LIMITS.get(name)
    if limit is None:
        return "not among the operators that the Edge TPU has"
    return limit(_Node(operator.builtinOptions, inputs, outputs))


class _Node(NamedTuple):
    """An operator's options from the file, its input tensors and its output tensors."""

    options: Any
    inputs: list[Any]
    outputs: list[Any]


def _conv(node: _Node) -> str | None:
    return None if node.options.dilationWFactor == node.options.dilationHFactor else "dilated differently along x and y"


def _depthwise(node: _Node) -> str | None:
    return None if node.options.dilationWFactor == node.options.dilationHFactor == 1 else "a dilated depthwise kernel"


def _dense(node: _Node) -> str | None:
    if len(node.inputs[1].quantization.scale) != 1:
        return "weights are quantised per channel; a dense layer needs one scale"
    if int(np.prod(node.outputs[0].shape[:-1])) != 1:
        return "its output has more than one dimension"
    return "shuffled weights" if node.options.weightsFormat else None


def _pool(node: _Node) -> str | None:
    return "a fused activation" if node.options.fusedActivationFunction else None


def _mean(node: _Node) -> str | None:
    return None if node.outputs[0].shape[0] == node.inputs[0].shape[0] else "reduces along the batch"


def _softmax(node: _Node) -> str | None:
    size = int(np.prod(node.outputs[0].shape))
    if size != node.outputs[0].shape[-1]:
        return "softmax over more than one dimension"
    return None if size <= SOFTMAX_ELEMENTS else f"softmax over {size} values, more than {SOFTMAX_ELEMENTS}"


def _joined(node: _Node) -> str | None:
    if node.options.fusedActivationFunction:
        return "a fused activation"
    return None if node.options.axis != 0 else "joins along the batch"


_LIMITS: dict[str, Callable[[_Node], str | None]] = {
    "CONV_2D": _conv, "DEPTHWISE_CONV_2D": _depthwise, "FULLY_CONNECTED": _dense, "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool, "MEAN": _mean, "SOFTMAX": _softmax, "CONCATENATION": _joined,
}  # fmt: skip


def _name(tensor: Any) -> str:
    return bytes(tensor.name).decode(errors="replace").split(";")[0]


def main(arguments: list[str] | None = None) -> int:
    """Print the report on a bundle; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m convert.edgetpu", description="would the Edge TPU run this model?")
    parser.add_argument("model", metavar="NAME|FILE", help="shipped model by name, or a bundle")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    try:
        report = edgetpu_report(load_bundle(options.model).model)
    except MaitredError as error:
        sys.stderr.write(f"maitred: {error}\n")
        return error.exit_code
    summary = report.summary() | {"layers": [asdict(operator) for operator in report.operators]}
    sys.stdout.write((json.dumps(summary, indent=1) if options.json else report.text()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
