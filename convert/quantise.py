"""Post-training quantisation of a Keras network to full INT8."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from convert.inspection import check_quantised
from edge.errors import MaitredError
from training.data.dataset import Sample
from training.data.network_input import network_input

InputImage = npt.NDArray[np.float32]
REPRESENTATIVE_COUNT = 400


def quantise(model: keras.Model, faces: Iterable[InputImage]) -> bytes:
    """Quantise ``model`` to full INT8: uint8 pixels in, int8 logits out, no float in between.

    Convolutions are quantised per channel, dense layers per tensor; the Edge TPU requires that, and outputs are then
    identical on x86-64 and ARM, bit for bit. ``model`` must have a batch size of 1; ``faces`` are float32 RGB in 0..1
    of its input's size.

    Raises:
        MaitredError: weights are not finite, there are no faces, an operation has no INT8 form, or the result fails
            :func:`convert.inspection.check_quantised`.
    """
    faces = list(faces)
    if not faces:
        raise MaitredError("no representative faces: quantisation needs training images to measure value ranges")
    bad = [weight.path for weight in model.weights if not np.isfinite(weight.numpy()).all()]
    if bad:
        raise MaitredError(f"weights are not finite in {', '.join(bad)}; train the model again")
    # The extremes make the input's scale exactly 1/255, so that a pixel is its own quantised value.
    faces += [np.zeros_like(faces[0]), np.ones_like(faces[0])]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([face[None]] for face in faces)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.int8
    # A private switch, the only one for this purpose; a test checks its effect.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    try:
        quantised = convert_silently(converter)
    except Exception as error:
        raise MaitredError(f"the model cannot be quantised to INT8: {error}") from error
    check_quantised(quantised)
    return quantised


def convert_silently(converter: Any) -> bytes:
    """Run ``converter`` and discard what Keras prints to stdout meanwhile, because stdout is for results."""
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())


def representative_faces(
    samples: Sequence[Sample], size: int, count: int = REPRESENTATIVE_COUNT, seed: int = 1
) -> list[InputImage]:
    """Training faces, float32 RGB (size, size, 3), chosen evenly over decades of age and both genders."""
    strata: dict[tuple[int, int | None], list[Sample]] = {}
    for sample in samples:
        strata.setdefault((int((sample.age_years or 0) // 10), sample.gender), []).append(sample)
    random = np.random.default_rng(seed)
    queues = [[group[row] for row in random.permutation(len(group))] for _, group in sorted(strata.items(), key=str)]
    chosen: list[Sample] = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop() for queue in queues if queue]
    faces = []
    for sample in chosen[:count]:
        image = cv2.imread(str(sample.path), cv2.IMREAD_COLOR)
        if image is not None:
            faces.append(network_input([np.asarray(image, np.uint8)[:, :, ::-1]], size)[0])
    return faces
