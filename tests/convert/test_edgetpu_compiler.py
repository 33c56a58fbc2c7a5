"""The adapter for Coral's compiler, tested with a stand-in, because the compiler is not available here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from convert.edgetpu_compiler import compile_bundle
from edge.cli import main
from edge.errors import MaitredError
from edge.vision.bundle import load_bundle

pytestmark = pytest.mark.slow

ADDS_A_LINE = """#!/bin/sh
# edgetpu_compiler --show_operations --out_dir DIR FILE
out="$3/$(basename "$4" .tflite)_edgetpu.tflite"
{ cat "$4"; echo compiled; } > "$out"
"""
REFUSES = """#!/bin/sh
echo "Invalid model: $4"
echo "Model not quantized" >&2
exit 1
"""


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "edgetpu_compiler"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_compiled_bundle_keeps_its_card(tmp_path, monkeypatch):
    install(tmp_path, ADDS_A_LINE, monkeypatch)
    bundle = load_bundle("table1")
    compile_bundle(bundle, tmp_path / "out.tflite")
    compiled = load_bundle(str(tmp_path / "out.tflite")).card
    model = bundle.model + b"compiled\n"
    assert compiled.model_sha256 == hashlib.sha256(model).hexdigest() != bundle.card.model_sha256
    assert compiled == bundle.card.model_copy(update={"model_sha256": compiled.model_sha256})


def test_a_refusal_is_repeated_and_nothing_is_written(tmp_path, monkeypatch):
    install(tmp_path, REFUSES, monkeypatch)
    with pytest.raises(MaitredError, match=r"edgetpu_compiler refused table1: Invalid model: .* Model not quantized"):
        compile_bundle(load_bundle("table1"), tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


def test_a_missing_compiler_is_reported_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    command = ["convert", "gone.keras", "--data", "gone", "--out", str(tmp_path / "x.tflite"), "--edgetpu"]
    assert main(command) == 2
    assert "--edgetpu needs edgetpu_compiler, which is not installed" in capsys.readouterr().err
