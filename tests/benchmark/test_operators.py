"""Time by operator: everything in the file is there once, and the work adds up."""

from __future__ import annotations

import pytest

from edge.benchmark import operators
from edge.benchmark.macs import count_macs
from edge.benchmark.operators import main, measure
from edge.vision.bundle import load_bundle


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(operators, "SECONDS", 0.001)


@pytest.mark.slow
def test_the_work_of_the_operators_is_the_work_of_the_model():
    model = load_bundle("table1").model
    rows, whole = measure(model)
    assert sum(row.macs for row in rows) == count_macs(model)
    assert [row.name for row in rows[:4]] == ["QUANTIZE", "DEPTHWISE_CONV_2D", "CONV_2D", "MAX_POOL_2D"]
    assert all(row.seconds > 0 for row in rows)
    assert whole > 0


@pytest.mark.slow
def test_bytes_moved_are_those_of_inputs_weights_and_outputs():
    first = measure(load_bundle("table1").model)[0][0]
    assert first.shape == (1, 180, 180, 3)
    assert first.moved == 2 * 180 * 180 * 3


@pytest.mark.slow
def test_the_table_has_a_line_for_each_operator(capsys):
    assert main(["table1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("CONV_2D") for line in lines) == 5
    assert lines[-1].startswith("all operators ")


def test_a_name_that_leads_nowhere_is_refused(capsys):
    assert main(["gone"]) == 2
    assert "gone: no such model" in capsys.readouterr().err
