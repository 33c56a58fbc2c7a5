"""Bias correction on a network whose channels differ so much that plain quantisation fails."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from convert.bias_correction import quantise_with_bias_correction
from convert.quantise import quantise
from training.networks.checkpoint import load_network
from training.networks.registry import deployed

pytestmark = pytest.mark.slow

CHECKPOINT = Path(__file__).resolve().parents[2] / "training" / "checkpoints" / "table1.keras"


def uneven() -> keras.Model:
    """The shipped table1 with channels up to 900 times as strong as others; it computes the same function."""
    network = deployed(load_network(CHECKPOINT))
    stretch = np.geomspace(1, 900, 128).astype(np.float32)
    first, second = network.get_layer("conv2"), network.get_layer("conv3_depthwise")
    kernel, bias = first.get_weights()
    first.set_weights([kernel * stretch, bias * stretch])
    kernel, bias = second.get_weights()
    second.set_weights([kernel / stretch[:, None], bias])
    return network


def gender(model: bytes, face: np.ndarray) -> float:
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.rint(face * 255).astype(np.uint8)[None])
    interpreter.invoke()
    output = next(output for output in interpreter.get_output_details() if output["shape"][-1] == 1)
    scale, zero = output["quantization"]
    return float((interpreter.get_tensor(output["index"])[0, 0].astype(float) - zero) * scale)


def test_bias_correction_recovers_most_of_what_plain_quantisation_loses():
    patches = [np.random.default_rng(seed).random((6, 6, 3), np.float32) for seed in range(24)]
    faces = [cv2.resize(patch, (180, 180), interpolation=cv2.INTER_CUBIC).clip(0, 1) for patch in patches]
    network = uneven()
    exact = [float(network(tf.constant(face[None]))[1][0, 0]) for face in faces]
    plain = quantise(network, faces)
    corrected = quantise_with_bias_correction(network, faces)
    lost = [np.mean([abs(gender(model, face) - truth) for face, truth in zip(faces, exact, strict=True)])
            for model in (plain, corrected)]  # fmt: skip
    assert lost[1] < lost[0] / 2
