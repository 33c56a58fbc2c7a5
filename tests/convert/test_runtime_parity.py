"""Every runtime and number of threads gives the same bits."""

from __future__ import annotations

import pytest

from convert import runtime_parity
from convert.runtime_parity import check_runtime_parity
from edge.errors import MaitredError
from edge.vision.bundle import load_bundle
from edge.vision.self_check import outputs_sha256, reference_picture

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["mobile", "table1"])
def test_a_shipped_model_gives_the_same_outputs_in_every_runtime(name):
    bundle = load_bundle(name)
    found = check_runtime_parity(bundle.model)
    assert found["outputs_sha256"] == outputs_sha256(bundle.interpreter(2))
    assert found["steps"]["litert, 4 threads"] == found["steps"]["tensorflow"] == 0
    # These kernels round differently between layers; no device uses them. 1 step in mobile, 3 of 256 in table1.
    assert found["steps"]["litert, plain kernels"] <= 3


@pytest.mark.parametrize("runtime", ["_agent", "_native"])
def test_outputs_that_differ_stop_the_conversion(monkeypatch, runtime):
    real, calls = getattr(runtime_parity, runtime), []

    def disturbed(*arguments):
        calls.append(arguments)
        outputs = real(*arguments)
        return [output + 1 if len(calls) == 2 else output for output in outputs]

    monkeypatch.setattr(runtime_parity, runtime, disturbed)
    with pytest.raises(MaitredError, match=r"differ by \d+ quantisation steps \(.+\); no bundle written"):
        check_runtime_parity(load_bundle("table1").model)


def test_the_reference_picture_never_changes():
    # Hard-coded, because another machine must make the same picture.
    assert reference_picture((1, 2, 2, 3)).tobytes().hex() == EXPECTED
    assert reference_picture((1, 180, 180, 3)).std() > 40


EXPECTED = "0013071b0f02160a1e110519"
