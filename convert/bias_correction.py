"""Bias correction: quantising a network for which plain quantisation loses too much accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from convert.quantise import InputImage, quantise
from training.networks.equalisation import equalise
from training.networks.heads import HEADS

BIAS_CORRECTION_FACES = 1600
"""Faces on which ranges are measured, four times as many as usual, so that fewer values are outside the ranges."""


def quantise_with_bias_correction(network: keras.Model, faces: Sequence[InputImage]) -> bytes:
    """Quantise ``network`` after equalising its channels and correcting the biases of its outputs, in place.

    Equalising (:mod:`training.networks.equalisation`) changes nothing in the float network. Then the mean error that
    quantisation causes in each output over ``faces``, float32 (size, size, 3) in 0..1, is subtracted from the output's
    bias. This is the bias correction of M. Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
    Correction", ICCV 2019, for the last layers only.

    Raises:
        MaitredError: see :func:`convert.quantise.quantise`.
    """
    equalise(network, faces)
    shifts = _mean_error(network, quantise(network, faces), faces)
    for name in HEADS:
        layer = network.get_layer(name)
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias - shifts[layer.units]])
    return quantise(network, faces)


def _mean_error(network: keras.Model, quantised: bytes, faces: Sequence[InputImage]) -> dict[int, np.ndarray]:
    """The mean of INT8 minus float output over ``faces``, float32 (length,), by the length of the output."""
    exact = tf.function(lambda face: network(face[None]))
    interpreter = Interpreter(model_content=quantised)
    interpreter.allocate_tensors()
    input_index = interpreter.get_input_details()[0]["index"]
    sums = {int(output.shape[-1]): np.zeros(output.shape[-1]) for output in network.outputs}
    for face in faces:
        interpreter.set_tensor(input_index, np.rint(face * 255).astype(np.uint8)[None])
        interpreter.invoke()
        for output in interpreter.get_output_details():
            scale, zero = output["quantization"]
            values = interpreter.get_tensor(output["index"])[0]
            sums[len(values)] += (values.astype(np.float64) - zero) * scale
        for values in exact(tf.constant(face)):
            sums[values.shape[-1]] -= np.asarray(values)[0]
    return {length: (total / len(faces)).astype(np.float32) for length, total in sums.items()}
