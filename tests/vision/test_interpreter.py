"""The interpreter, also with runtimes, models and inputs that are not as they should be. Most tests suit both
runtimes."""

from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edge.vision import interpreter as runtime
from edge.vision.bundle import load_bundle
from edge.vision.interpreter import RUNTIMES, Interpreter, InterpreterError, Tensor


def tensor(dtype: str, scale: float, zero_point: int) -> Tensor:
    return Tensor(0, "x", (1,), np.dtype(dtype), scale, zero_point)


@pytest.mark.parametrize("name", ["face", "table1"])
def test_outputs_are_the_same_to_the_bit_with_any_number_of_threads(name: str):
    bundle = load_bundle(name)
    shape, kind = bundle.interpreter(1).inputs[0].shape, bundle.interpreter(1).inputs[0].dtype
    values = np.random.default_rng(2).integers(0, 256, shape).astype(kind)
    one, two, four = (bundle.interpreter(threads).run(values) for threads in (1, 2, 4))
    for a, b, c in zip(one, two, four, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()


def test_outputs_are_copies_that_the_next_run_does_not_change():
    interpreter = load_bundle("table1").interpreter(1)
    first = interpreter.run(np.zeros((1, 180, 180, 3), np.uint8))
    copies = [values.copy() for values in first]
    interpreter.run(np.full((1, 180, 180, 3), 200, np.uint8))
    assert all((a == b).all() for a, b in zip(first, copies, strict=True))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.zeros((1, 180, 180, 3), np.int8), id="other type of the same size"),
        pytest.param(np.zeros((1, 180, 180, 3), np.float32), id="wider type"),
        pytest.param(np.zeros((1, 180, 180), np.uint8), id="a dimension missing"),
        pytest.param(np.zeros((2, 180, 180, 3), np.uint8), id="two pictures"),
        pytest.param(np.zeros((1, 160, 160, 3), np.uint8), id="another size"),
    ],
)
def test_an_input_of_the_wrong_shape_or_type_is_refused_with_the_right_one(values: np.ndarray):
    with pytest.raises(InterpreterError, match=r"takes uint8 \(1, 180, 180, 3\)"):
        load_bundle("table1").interpreter(1).run(values)


def test_a_model_that_xnnpack_refuses_runs_on_plain_kernels(caplog: pytest.LogCaptureFixture):
    """The real model with one output scale made so small that in*w/out exceeds the limit of XNNPACK."""
    whole = load_bundle("table1")
    gender = whole.interpreter(1).outputs[whole.card.output("gender_logit").index]
    scale = struct.pack("<f", gender.scale)
    assert whole.model.count(scale) == 1
    odd = Interpreter(whole.model.replace(scale, struct.pack("<f", gender.scale * 1e-5)), name="odd-scale")

    pixels = np.full((1, 180, 180, 3), 128, np.uint8)
    raw = odd.run(pixels)

    # So fine a scale saturates: the one value tells that the plain kernels computed it with the scale in the file.
    assert abs(int(raw[whole.card.output("gender_logit").index].item())) >= 127
    # The plain kernels round differently in places: the ages, whose scale is as it was, agree to a few steps of 1/256.
    ages = whole.card.output("age_logits").index
    assert np.abs(raw[ages].astype(int) - whole.interpreter(1).run(pixels)[ages]).max() <= 20
    if odd.runtime == "ai_edge_litert":  # tflite-runtime runs INT8 without XNNPACK: nothing is refused
        assert "odd-scale" in caplog.text
        assert "slower" in caplog.text


@pytest.mark.parametrize(
    "model", [b"", b"\x00" * 400, b"\x1c\x00\x00\x00TFL3" + b"\x00" * 100], ids=["empty", "0s", "head"]
)
def test_a_file_that_is_not_a_model_is_an_error_with_its_name(model: bytes):
    with pytest.raises(InterpreterError, match="broken-one"):
        Interpreter(model, name="broken-one")


def test_the_next_runtime_is_used_if_the_first_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    installed = runtime.load_runtime().__name__
    monkeypatch.setattr(runtime, "RUNTIMES", ("no_such_runtime.interpreter", *RUNTIMES))
    assert runtime.load_runtime().__name__ == installed


def test_without_a_runtime_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime, "RUNTIMES", ("no_such_runtime.interpreter",))
    with pytest.raises(InterpreterError, match="pip install ai-edge-litert"):
        Interpreter(b"")


def test_an_installed_but_broken_runtime_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "half_a_runtime"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "interpreter.py").write_text("raise ImportError('libstrange.so.6: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(runtime, "RUNTIMES", ("half_a_runtime.interpreter",))
    with pytest.raises(InterpreterError, match=r"half_a_runtime: libstrange.*pip install"):
        runtime.load_runtime()


def test_numpy_2_with_tflite_runtime_is_not_reported_as_a_bad_model(monkeypatch: pytest.MonkeyPatch):
    """A stand-in for tflite-runtime 2.14 with numpy 2.3, which raises a SystemError when a model is loaded."""

    def broken(**_: object) -> None:
        raise SystemError("returned a result with an exception set")

    stand_in = SimpleNamespace(__name__="tflite_runtime.interpreter", Interpreter=broken)
    monkeypatch.setattr(runtime, "load_runtime", lambda: stand_in)
    with pytest.raises(InterpreterError, match=r"tflite_runtime does not work with numpy .*numpy<2"):
        Interpreter(b"", name="any")


def test_a_model_for_the_edge_tpu_says_what_is_missing():
    with pytest.raises(InterpreterError, match="libedgetpu1-std"):
        Interpreter(b"\x00" * 8 + runtime.EDGE_TPU_OP, name="odd")


@pytest.mark.parametrize(
    ("kind", "scale", "zero_point", "real", "stored", "back"),
    [
        pytest.param("int8", 0.5, 3, [0, 1, -1.1, 500, -500], [3, 5, 1, 127, -128], [0, 1, -1, 62, -65.5], id="int8"),
        pytest.param("uint8", 1 / 255, 0, [0, 1, 2, -1], [0, 255, 255, 0], [0, 1, 1, 0], id="uint8"),
        pytest.param("float32", 0.0, 0, [0, 1.5, -9], [0, 1.5, -9], [0, 1.5, -9], id="float"),
    ],
)
def test_values_are_quantised_and_dequantised(kind, scale, zero_point, real, stored, back):
    of = tensor(kind, scale, zero_point)
    values = of.quantise(np.array(real))
    assert values.dtype == kind
    assert values.tolist() == stored
    assert of.dequantise(values) == pytest.approx(np.array(back), abs=1e-6)
