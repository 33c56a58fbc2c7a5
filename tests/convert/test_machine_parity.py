"""The comparison of two machines: this one with itself, and with altered records."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convert.machine_parity import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def record(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("parity") / "here.npz"
    assert main(["table1", "--out", str(path)]) == 0
    return path


def altered(record: Path, tmp_path: Path, steps: int, output: str = "table1/age_logits") -> Path:
    with np.load(record) as file:
        arrays = dict(file)
    arrays[output][0, 7] += steps if arrays[output][0, 7] < 0 else -steps
    np.savez(tmp_path / "there.npz", **arrays)
    return tmp_path / "there.npz"


@pytest.mark.slow
def test_the_inputs_are_artificial_ones_and_faces_of_the_clip(record):
    with np.load(record) as file:
        inputs, logits = file["table1/inputs"], file["table1/age_logits"]
    assert inputs.shape[1:] == (180, 180, 3)
    assert len(inputs) == len(logits) > 4
    assert len({row.tobytes() for row in logits}) == len(inputs)


@pytest.mark.slow
def test_a_machine_gives_the_same_outputs_again(record, capsys):
    assert main(["table1", "--like", str(record)]) == 0
    assert "same bits" in capsys.readouterr().out


def test_a_difference_of_one_step_is_reported_and_passes(record, tmp_path, capsys):
    assert main(["table1", "--like", str(altered(record, tmp_path, 1))]) == 0
    assert "1 of 816 values differ, by 1 steps at most" in capsys.readouterr().out


def test_a_difference_of_two_steps_is_reported_and_fails(record, tmp_path, capsys):
    assert main(["table1", "--like", str(altered(record, tmp_path, 2))]) == 1
    assert "maitred: table1: 1 of 816 values differ, by 2 steps at most" in capsys.readouterr().err


def test_a_runtime_without_its_fast_kernels_fails(record, monkeypatch, capsys):
    monkeypatch.setattr("edge.vision.interpreter.Interpreter.accelerated", False)
    assert main(["table1", "--like", str(record)]) == 1
    assert "table1: WITHOUT the runtime's fast kernels" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"hello", "not a record of convert.machine_parity", id="foreign"),
        pytest.param(None, "No such", id="none"),
    ],
)
def test_a_file_that_is_not_a_record_is_refused_by_name(tmp_path, capsys, content, message):
    path = tmp_path / "x.npz"
    if content:
        path.write_bytes(content)
    assert main(["table1", "--like", str(path)]) == 2
    error = capsys.readouterr().err
    assert "x.npz" in error
    assert message in error


def test_a_record_without_the_model_is_named(record, capsys):
    assert main(["mobile", "--like", str(record)]) == 2
    assert "has no record of mobile" in capsys.readouterr().err


@pytest.mark.skipif("MAITRED_ARM64" not in os.environ, reason="takes minutes; MAITRED_ARM64=1 asks for it")
def test_the_bundles_give_the_same_on_arm64():
    done = subprocess.run([str(ROOT / ".ci" / "arm64")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
