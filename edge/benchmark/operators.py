"""``python -m edge.benchmark.operators FILE``: measures the time of each operator of a model, with one thread.

Each operator becomes a model of its own, which runs alone. Then weights and input are in the cache, so the times are
those of the computation. Moving data between layers takes the rest of the whole model's time.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.benchmark.macs import count_macs
from edge.errors import MaitredError
from edge.vision.bundle import load_bundle
from edge.vision.interpreter import Interpreter

SECONDS = 0.3
"""Time to measure each operator; the whole model is measured ten times as long."""
NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}


@dataclass(frozen=True)
class OperatorTime:
    """Least processor time of one operator; ``moved`` is bytes of inputs, weights and outputs."""

    name: str
    shape: tuple[int, ...]
    macs: int
    moved: int
    seconds: float


def measure(model: bytes) -> tuple[list[OperatorTime], float]:
    """All operators of a TFLite model in order, and the seconds of the whole model."""
    count = len(_unpacked(model).subgraphs[0].operators)
    return [_measured(model, place) for place in range(count)], _least(model, 10 * SECONDS)


def _unpacked(model: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(model, 0)


def _measured(model: bytes, place: int) -> OperatorTime:
    file = _unpacked(model)
    graph = file.subgraphs[0]
    operator = graph.operators[place]
    inputs = [index for index in operator.inputs if index >= 0]
    graph.operators, graph.outputs = [operator], list(operator.outputs)
    graph.inputs = [index for index in inputs if file.buffers[graph.tensors[index].buffer].data is None]
    file.signatureDefs = None
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(file.Pack(builder), b"TFL3")
    alone = bytes(builder.Output())
    code = file.operatorCodes[operator.opcodeIndex]
    shape = tuple(int(size) for size in graph.tensors[operator.outputs[0]].shape)
    moved = sum(_size(graph.tensors[index]) for index in [*inputs, *operator.outputs])
    name = NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return OperatorTime(name, shape, count_macs(alone), moved, _least(alone, SECONDS))


def _size(tensor: Any) -> int:
    width = 4 if tensor.type in (schema.TensorType.FLOAT32, schema.TensorType.INT32) else 1
    return width * int(np.prod(tensor.shape))


def _least(model: bytes, seconds: float) -> float:
    # Processor time of this thread, which is the only one, so that waiting on a busy machine does not count.
    interpreter = Interpreter(model)
    native = interpreter._native
    for tensor in interpreter.inputs:
        native.set_tensor(tensor.index, np.ones(tensor.shape, tensor.dtype))
    native.invoke()
    least, until = float("inf"), time.thread_time() + seconds
    while time.thread_time() < until:
        began = time.thread_time()
        native.invoke()
        least = min(least, time.thread_time() - began)
    return least


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m edge.benchmark.operators", description="time of each operator")
    parser.add_argument("model", metavar="NAME|FILE", help="bundle, or any .tflite file")
    options = parser.parse_args(arguments)
    try:
        path = Path(options.model)
        rows, whole = measure(path.read_bytes() if path.is_file() else load_bundle(options.model).model)
    except (MaitredError, OSError) as error:
        sys.stderr.write(f"maitred: {error}\n")
        return 2
    sys.stdout.write(f"{'operator':20}{'output':>20}{'MMAC':>9}{'kB moved':>10}{'us':>9}{'GMAC/s':>9}{'GB/s':>7}\n")
    for row in rows:
        shape = "x".join(map(str, row.shape))
        sys.stdout.write(
            f"{row.name:20}{shape:>20}{row.macs / 1e6:9.2f}{row.moved / 1e3:10.0f}{row.seconds * 1e6:9.0f}"
            f"{row.macs / row.seconds / 1e9:9.1f}{row.moved / row.seconds / 1e9:7.1f}\n"
        )
    alone = sum(row.seconds for row in rows)
    sys.stdout.write(f"all operators {alone * 1e3:.2f} ms, whole model {whole * 1e3:.2f} ms\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
