"""One interface to the TFLite runtimes: LiteRT, tflite-runtime, and either with an Edge TPU delegate."""

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
    """An input or output of a model. ``scale`` is 0 for a float tensor; else real = (q - zero_point) * scale."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    def quantise(self, real: npt.NDArray[np.floating[Any]]) -> npt.NDArray[Any]:
        """Real values -> tensor values, rounded to the nearest step and clipped to the type's range."""
        if not self.scale:
            return np.asarray(real, self.dtype)
        limits = np.iinfo(self.dtype)
        steps = np.rint(real / self.scale) + self.zero_point
        return np.asarray(np.clip(steps, limits.min, limits.max), self.dtype)

    def dequantise(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Tensor values -> real values."""
        if not self.scale:
            return values.astype(np.float32)
        return np.asarray((values.astype(np.float32) - self.zero_point) * np.float32(self.scale), np.float32)


class Interpreter:
    """A loaded model. Not for use by two threads at once.

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
        """Whether the whole model was handed to a delegate: XNNPACK's fast kernels, or the Edge TPU.

        A runtime that cannot make out the processor goes without, many times slower, and says nothing.
        """
        # A private method, the only one for this; LiteRT and tflite-runtime have it, and a test holds it.
        operators = self._native._get_ops_details()
        taken, given = self.inputs[0].index, {output.index for output in self.outputs}
        # The change of the input from uint8 to int8 may be left to the runtime itself.
        first = {taken}.union(*(op["outputs"] for op in operators if taken in op["inputs"]))
        delegated = [op for op in operators if op["op_name"] == "DELEGATE"]
        return any(first & set(op["inputs"]) and given <= set(op["outputs"]) for op in delegated)

    def run(self, values: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Raw outputs (copies) in the order of ``outputs`` for the one input, whose shape and dtype must match."""
        expected = self.inputs[0]
        if values.shape != expected.shape or values.dtype != expected.dtype:
            raise InterpreterError(
                f"the model takes {expected.dtype} {expected.shape}, not {values.dtype} {values.shape}"
            )
        self._native.set_tensor(expected.index, values)
        self._native.invoke()
        return [self._native.get_tensor(output.index) for output in self.outputs]


def load_runtime() -> ModuleType:
    """The first runtime that is installed.

    Raises:
        InterpreterError: there is none.
    """
    failures = []
    for name in RUNTIMES:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            # A runtime that is there but cannot be imported: a broken install is worth telling.
            if error.name != name.partition(".")[0]:
                failures.append(f"{name.partition('.')[0]}: {error}")
    told = f" ({'; '.join(failures)})" if failures else ""
    raise InterpreterError(
        f"no TFLite runtime can be imported{told}; install one: pip install ai-edge-litert"
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
        # What tflite-runtime makes of numpy 2, without a word about it.
        raise InterpreterError(
            f"{name}: {runtime.__name__.split('.')[0]} does not work with numpy {np.__version__};"
            " pip install 'numpy<2', or pip install ai-edge-litert"
        ) from error
    except (ValueError, RuntimeError) as refusal:
        # XNNPACK refuses some quantised models outright (an in*w/out scale of 256 or more) where the runtime's
        # own kernels take them: slower, but right.
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
