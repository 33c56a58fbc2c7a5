"""Counts the multiply-accumulates of a TFLite model from its file, and builds a model that does little else."""

from __future__ import annotations

from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SIDE, CHANNELS = 32, 256
"""Size of the peak model's one layer. It is large enough for the work to outweigh the overhead of an inference, and
small enough to stay in a Pi's cache."""


def count_macs(model: bytes) -> int:
    """Multiply-accumulates of one inference, in convolutions and dense layers; other operators are not counted."""
    file: Any = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = file.subgraphs[0]
    total = 0
    for operator in graph.operators:
        code = file.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        output_shape = graph.tensors[operator.outputs[0]].shape
        if kind in (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED):
            # The kernel's shape is (outputs, ...): each output value needs as many products as a row of it has values.
            total += int(np.prod(output_shape) * np.prod(graph.tensors[operator.inputs[1]].shape[1:]))
        elif kind == schema.BuiltinOperator.DEPTHWISE_CONV_2D:
            total += int(np.prod(output_shape) * np.prod(graph.tensors[operator.inputs[1]].shape[1:3]))
    return total


def peak_model() -> bytes:
    """A model of one int8 1x1 convolution with 256 channels. Its speed is the most that a processor reaches in int8."""
    weights = np.random.default_rng(0).integers(-127, 128, (CHANNELS, 1, 1, CHANNELS), np.int8)
    image = (1, SIDE, SIDE, CHANNELS)
    tensors = [
        _tensor("image", image, schema.TensorType.INT8, 0.02, 0),
        _tensor("weights", weights.shape, schema.TensorType.INT8, 0.01, 1),
        _tensor("bias", (CHANNELS,), schema.TensorType.INT32, 0.02 * 0.01, 2),
        _tensor("sums", image, schema.TensorType.INT8, 0.5, 0),
    ]
    options = schema.Conv2DOptionsT()
    options.padding, options.strideW, options.strideH = schema.Padding.VALID, 1, 1
    options.dilationWFactor = options.dilationHFactor = 1
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 1, 2], [3]
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [0], [3], [operator]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 3
    file = schema.ModelT()
    file.version, file.subgraphs, file.operatorCodes = 3, [graph], [code]
    file.buffers = [schema.BufferT(), schema.BufferT(), schema.BufferT()]
    file.buffers[1].data = np.frombuffer(weights.tobytes(), np.uint8)
    file.buffers[2].data = np.zeros(CHANNELS * 4, np.uint8)
    builder = flatbuffers.Builder(1 << 17)
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(name: str, shape: tuple[int, ...], kind: int, scale: float, buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), list(shape), kind, buffer
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [0]
    return tensor
