"""Measures the inference of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.benchmark.macs import count_macs, peak_model
from edge.benchmark.timings import Timings
from edge.vision.bundle import Bundle
from edge.vision.interpreter import Interpreter
from edge.vision.self_check import reference_picture

WARM_UP = 3
PEAK_RUNS = 100


@dataclass(frozen=True)
class ModelSpeed:
    """The measured speed of one model; ``peak`` is this machine's int8 peak in GMAC/s with as many threads."""

    name: str
    megabytes: float
    threads: int
    macs: int
    timings: Timings
    peak: float

    @property
    def gmacs(self) -> float:
        """Billions of multiply-accumulates per second, from the median time."""
        return self.macs / self.timings.median_ms / 1e6

    def as_dict(self) -> dict[str, Any]:
        """The figures for JSON."""
        return {
            "model": self.name, "megabytes": self.megabytes, "threads": self.threads, "macs": self.macs,
            "runs": len(self.timings.seconds), "median_ms": self.timings.median_ms, "p95_ms": self.timings.p95_ms,
            "gmacs_per_second": self.gmacs, "share_of_int8_peak": self.gmacs / self.peak,
        }  # fmt: skip


def measure_model(bundle: Bundle, threads: int, runs: int, peak: float) -> ModelSpeed:
    """Time the inference alone, on the fixed picture, ``runs`` times after three runs that do not count.

    Raises:
        BadInput, InterpreterError: the model can't be loaded.
    """
    timings = _time(bundle.interpreter(threads), runs)
    name, size = bundle.card.name, bundle.size / 1e6
    return ModelSpeed(name, size, threads, count_macs(bundle.model), timings, peak)


def int8_peak(threads: int) -> float:
    """GMAC/s of the fastest of many runs of one large int8 layer. No model can be much faster."""
    model = peak_model()
    timings = _time(Interpreter(model, threads, "peak"), PEAK_RUNS)
    return count_macs(model) / min(timings.seconds) / 1e9


def _time(interpreter: Interpreter, runs: int) -> Timings:
    tensor = interpreter.inputs[0]
    picture = reference_picture(tensor.shape).astype(tensor.dtype)
    for _ in range(WARM_UP):
        interpreter.run(picture)
    timings = Timings()
    for _ in range(runs):
        with timings.one():
            interpreter.run(picture)
    return timings
