"""How much each layer of a quantised network differs from its float form: signal-to-noise ratios in decibels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from convert.quantise import InputImage, convert_silently

MAX_DECIBELS = 120.0
"""The value for layers that do not differ at all."""
_TYPE_CHANGES = {schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE}


@dataclass(frozen=True)
class LayerNoise:
    """``snr_db`` is 10 log10 of the power of the float output divided by the power of its difference from INT8."""

    layer: str
    snr_db: float


def layer_noise(network: keras.Model, quantised: bytes, faces: Sequence[InputImage]) -> list[LayerNoise]:
    """The noise of every layer over ``faces``, float32 (size, size, 3) in 0..1, in order of execution.

    The float network is converted by the same converter, so that both have the same operators in the same order.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    plain, exact = _LayerOutputs(convert_silently(converter)), _LayerOutputs(quantised)
    signal, noise = np.zeros(len(exact.names)), np.zeros(len(exact.names))
    for face in faces:
        for place, (before, after) in enumerate(zip(plain.outputs(face), exact.outputs(face), strict=True)):
            signal[place] += np.square(before).sum()
            noise[place] += np.square(before - after).sum()
    ratio = np.divide(signal, noise, out=np.full(len(noise), np.inf), where=noise > 0)
    decibels = np.minimum(MAX_DECIBELS, 10 * np.log10(np.maximum(ratio, 1e-12)))
    return [LayerNoise(name, float(value)) for name, value in zip(exact.names, decibels, strict=True)]


class _LayerOutputs:
    """A model of which the output of every operator can be read, except those that only change the type."""

    def __init__(self, model: bytes) -> None:
        file: Any = schema.ModelT.InitFromPackedBuf(model, 0)
        graph = file.subgraphs[0]
        codes = [file.operatorCodes[operator.opcodeIndex].builtinCode for operator in graph.operators]
        kept = [operator for operator, code in zip(graph.operators, codes, strict=True) if code not in _TYPE_CHANGES]
        self._tensors = [operator.outputs[0] for operator in kept]
        self.names = [_short(graph.tensors[index]) for index in self._tensors]
        # With its delegate, the runtime computes several layers at once and gives no outputs in between.
        self._interpreter = Interpreter(
            model_content=model, experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )  # fmt: skip
        self._interpreter.allocate_tensors()
        self._details = {detail["index"]: detail for detail in self._interpreter.get_tensor_details()}

    def outputs(self, face: InputImage) -> list[npt.NDArray[np.float32]]:
        details = self._interpreter.get_input_details()[0]
        values = np.rint(face * 255).astype(np.uint8) if details["dtype"] == np.uint8 else face
        self._interpreter.set_tensor(details["index"], values[None])
        self._interpreter.invoke()
        return [self._real(index) for index in self._tensors]

    def _real(self, index: int) -> npt.NDArray[np.float32]:
        values = np.asarray(self._interpreter.get_tensor(index), np.float32)
        scale, zero = self._details[index]["quantization"]
        return (values - np.float32(zero)) * np.float32(scale) if scale else values


def _short(tensor: Any) -> str:
    """``table1/conv1/Relu;table1/conv1/BiasAdd`` as ``conv1/Relu``; for an output without such a name, its size."""
    first = bytes(tensor.name).decode(errors="replace").split(";")[0]
    return first.partition("/")[2] or f"output of {int(np.prod(tensor.shape))}"
