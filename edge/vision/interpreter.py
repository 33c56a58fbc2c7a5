"""One interface to the TFLite runtimes: LiteRT and tflite-runtime, each with or without an Edge TPU."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import MaitredError

log = logging.getLogger(__name__)

# Tried in this order.
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
EDGE_TPU_LIBRARY = "libedgetpu.so.1"
EDGE_TPU_OP = b"edgetpu-custom-op"


class InterpreterError(MaitredError):
    """No runtime is installed, or the runtime refuses the model."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model. ``scale`` is 0 for a float tensor; otherwise real = (q - zero_point) * scale."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    def quantise(self, real: npt.NDArray[np.floating[Any]]) -> npt.NDArray[Any]:
        """Convert real values to the tensor's, rounded to the nearest step and clipped to the range of its type."""
        if not self.scale:
            return np.asarray(real, self.dtype)
        limits = np.iinfo(self.dtype)
        steps = np.rint(real / self.scale) + self.zero_point
        return np.asarray(np.clip(steps, limits.min, limits.max), self.dtype)

    def dequantise(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Convert the tensor's values to real ones."""
        if not self.scale:
            return values.astype(np.float32)
        return np.asarray((values.astype(np.float32) - self.zero_point) * np.float32(self.scale), np.float32)


class Interpreter:
    """A loaded model. Two threads must not use it at once.

    Raises:
        InterpreterError: no runtime is installed (the message names the package), or the model cannot be loaded.
    """

    def __init__(self, model: bytes, threads: int = 1, name: str = "model") -> None:
        runtime = load_runtime()
        self.runtime = runtime.__name__.split(".")[0]
        self._model = model  # the runtime reads from this memory for as long as it lives
        self._native = _load(runtime, model, threads, name)
        self.inputs = tuple(_tensor(detail) for detail in self._native.get_input_details())
        self.outputs = tuple(_tensor(detail) for detail in self._native.get_output_details())

    @property
    def accelerated(self) -> bool:
        """Whether a delegate runs the whole model: XNNPACK's fast kernels, or the Edge TPU.

        A runtime that does not recognise the processor runs without one, many times slower, and gives no warning.
        """
        # There is only a private method for this. LiteRT and tflite-runtime have it, and a test checks that.
        operators = self._native._get_ops_details()
        model_input, model_outputs = self.inputs[0].index, {output.index for output in self.outputs}
        # The runtime itself may convert the input from uint8 to int8.
        first = {model_input}.union(*(op["outputs"] for op in operators if model_input in op["inputs"]))
        delegated = [op for op in operators if op["op_name"] == "DELEGATE"]
        return any(first & set(op["inputs"]) and model_outputs <= set(op["outputs"]) for op in delegated)

    def run(self, values: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Run the model on its one input, whose shape and dtype must match.

        Returns:
            copies of the raw outputs, in the order of ``outputs``.

        Raises:
            InterpreterError: the input has another shape or dtype.
        """
        expected = self.inputs[0]
        if values.shape != expected.shape or values.dtype != expected.dtype:
            raise InterpreterError(
                f"the model takes {expected.dtype} {expected.shape}, not {values.dtype} {values.shape}"
            )
        self._native.set_tensor(expected.index, values)
        self._native.invoke()
        return [self._native.get_tensor(output.index) for output in self.outputs]


def load_runtime() -> ModuleType:
    """Import the first runtime that is installed.

    Raises:
        InterpreterError: none is installed.
    """
    failures = []
    for name in RUNTIMES:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            # The runtime is installed but cannot be imported: a broken installation is worth reporting.
            if error.name != name.partition(".")[0]:
                failures.append(f"{name.partition('.')[0]}: {error}")
    reasons = f" ({'; '.join(failures)})" if failures else ""
    raise InterpreterError(
        f"no TFLite runtime can be imported{reasons}; install one: pip install ai-edge-litert"
        " (or, on Python 3.11, pip install tflite-runtime 'numpy<2')"
    )


def _load(runtime: ModuleType, model: bytes, threads: int, name: str) -> Any:
    delegates = _edge_tpu(runtime, model, name)
    options: dict[str, Any] = {"num_threads": threads}
    if delegates:
        options["experimental_delegates"] = delegates
    try:
        native = runtime.Interpreter(model_content=model, **options)
        native.allocate_tensors()
    except SystemError as error:
        # This is how tflite-runtime fails with numpy 2; it does not mention numpy.
        raise InterpreterError(
            f"{name}: {runtime.__name__.split('.')[0]} does not work with numpy {np.__version__};"
            " pip install 'numpy<2', or pip install ai-edge-litert"
        ) from error
    except (ValueError, RuntimeError) as refusal:
        # XNNPACK refuses some quantised models (with an in*w/out scale of 256 or more). The runtime's own kernels
        # run them: slower, but correctly.
        log.warning(
            "%s: the accelerated runtime refuses the model (%s); using plain kernels, which is slower", name, refusal
        )
        try:
            plain = runtime.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            native = runtime.Interpreter(model_content=model, experimental_op_resolver_type=plain, **options)
            native.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise InterpreterError(f"{name}: the TFLite runtime cannot load the model: {error}") from error
    return native


def _edge_tpu(runtime: ModuleType, model: bytes, name: str) -> Sequence[Any]:
    if EDGE_TPU_OP not in model:
        return ()
    try:
        return (runtime.load_delegate(EDGE_TPU_LIBRARY),)
    except (ValueError, OSError) as error:
        raise InterpreterError(
            f"{name}: compiled for the Edge TPU, but {EDGE_TPU_LIBRARY} or the TPU is missing ({error});"
            " install libedgetpu1-std and plug the TPU in, or use the model that was not compiled"
        ) from error


def _tensor(detail: dict[str, Any]) -> Tensor:
    scale, zero_point = detail["quantization"]
    shape = tuple(int(size) for size in detail["shape"])
    return Tensor(detail["index"], detail["name"], shape, np.dtype(detail["dtype"]), float(scale), int(zero_point))
