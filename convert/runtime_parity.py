"""One fixed picture through every available runtime and number of threads: all outputs must have the same bits."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert import interpreter as litert

from edge.errors import MaitredError
from edge.vision.interpreter import Interpreter
from edge.vision.self_check import outputs_sha256, reference_picture

THREADS = (1, 2, 4)
REFERENCE_KERNELS = "litert, plain kernels"


def check_runtime_parity(model: bytes) -> dict[str, Any]:
    """SHA-256 of the outputs for :func:`edge.vision.self_check.reference_picture`, and how far other runtimes are off.

    Kernels without the runtime's fast paths round differently between layers; for these, the difference is only
    reported.

    Raises:
        MaitredError: the outputs depend on the number of threads or on the runtime.
    """
    found = {f"litert, {threads} threads": _agent(model, threads) for threads in THREADS}
    plain = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    found[REFERENCE_KERNELS] = _native(litert.Interpreter(model_content=model, experimental_op_resolver_type=plain))
    with warnings.catch_warnings():
        # TensorFlow's own interpreter will go with some later release; as long as it is there, it is compared.
        warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated", UserWarning)
        found["tensorflow"] = _native(tf.lite.Interpreter(model_content=model))
    first = found[f"litert, {THREADS[0]} threads"]
    steps = {name: _distance(first, outputs) for name, outputs in found.items()}
    for name, distance in steps.items():
        if distance and name != REFERENCE_KERNELS:
            raise MaitredError(f"outputs differ by {distance} quantisation steps ({name}); no bundle written")
    return {"outputs_sha256": outputs_sha256(Interpreter(model, THREADS[0])), "steps": steps}


def _agent(model: bytes, threads: int) -> list[npt.NDArray[Any]]:
    interpreter = Interpreter(model, threads)
    return interpreter.run(reference_picture(interpreter.inputs[0].shape))


def _native(interpreter: Any) -> list[npt.NDArray[Any]]:
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], reference_picture(tuple(details["shape"])))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def _distance(one: list[npt.NDArray[Any]], other: list[npt.NDArray[Any]]) -> int:
    return max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(one, other, strict=True))
