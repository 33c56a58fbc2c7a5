"""Reading the convolutions of a published float TFLite file: float16 becomes float32, sparse kernels dense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.errors import MaitredError
from edge.vision.detection import Float32Array

_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
_TYPES = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16}
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D")
_WIDENING = ("DEQUANTIZE", "DENSIFY")
_PLAIN = ("ADD", "DEPTH_TO_SPACE", "PAD", "RELU", "RESHAPE", "RESIZE_BILINEAR")
"""Operators without weights that may occur in the file."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """``kernel`` has Keras' layout: (height, width, in, out), or (height, width, in, 1) for a depthwise convolution."""

    name: str
    operator: str
    kernel: Float32Array
    bias: Float32Array


def read_convolutions(model: bytes) -> list[Convolution]:
    """All convolutions of ``model`` in order of execution.

    Raises:
        MaitredError: it is not such a file, or it has an operator or a sparse layout that is not supported here.
    """
    try:
        file: Any = schema.ModelT.InitFromPackedBuf(model, 0)
        graph = file.subgraphs[0]
    except Exception as error:  # on damaged bytes the reader may raise anything
        raise MaitredError(f"not a TFLite file that can be read ({error})") from error
    return list(_convolutions(file, graph))


def _convolutions(file: Any, graph: Any) -> Iterator[Convolution]:
    stored: dict[int, int] = {}  # a widened tensor -> the tensor it is made from
    for operator in graph.operators:
        code = file.operatorCodes[operator.opcodeIndex]
        name = _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
        output = graph.tensors[operator.outputs[0]]
        if name in _WIDENING:
            stored[operator.outputs[0]] = stored.get(operator.inputs[0], operator.inputs[0])
        elif name in _WEIGHTED:
            kernel, bias = (_values(file, graph.tensors[stored.get(index, index)]) for index in operator.inputs[1:3])
            # TFLite's layout is (out, height, width, in), or (1, height, width, in) for depthwise kernels.
            keras_kernel = kernel.transpose(1, 2, 3, 0)
            yield Convolution(
                bytes(output.name).decode(errors="replace"), name, np.ascontiguousarray(keras_kernel), bias
            )
        elif name not in _PLAIN:
            raise MaitredError(f"an unknown layer: {name} ({bytes(output.name).decode(errors='replace')})")


def _values(file: Any, tensor: Any) -> Float32Array:
    name, shape = bytes(tensor.name).decode(errors="replace"), tuple(int(side) for side in tensor.shape)
    content = file.buffers[tensor.buffer].data
    if tensor.type not in _TYPES or content is None:
        raise MaitredError(f"{name}: not a constant of float16 or float32")
    values = np.frombuffer(bytes(content), _TYPES[tensor.type]).astype(np.float32)
    return _filled_up(values, shape, tensor.sparsity, name) if tensor.sparsity else values.reshape(shape)


def _filled_up(values: Float32Array, shape: tuple[int, ...], sparsity: Any, name: str) -> Float32Array:
    """A dense array from one whose last dimension is stored sparsely (CSR), row after row."""
    *outer, last = sparsity.dimMetadata
    if (
        list(sparsity.traversalOrder) != list(range(len(shape)))
        or any(level.format != schema.DimensionType.DENSE for level in outer)
        or last.format != schema.DimensionType.SPARSE_CSR
    ):
        raise MaitredError(f"{name}: a sparse layout that is not supported")
    starts, places = (np.asarray(part.values, np.int64) for part in (last.arraySegments, last.arrayIndices))
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    dense = np.zeros((len(starts) - 1, shape[-1]), np.float32)
    # The file pads the values to whole words.
    dense[rows, places] = values[: len(places)]
    return dense.reshape(shape)
