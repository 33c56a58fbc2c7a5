"""``maitred bundle show``."""

from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.vision.bundle import load_bundle, shipped, write_bundle


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_bundle_is_shown_and_runs_here_as_verified(name, capsys):
    assert main(["bundle", "show", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    bundle = load_bundle(name)
    assert found["sha256"] == bundle.sha256
    assert found["card"] == bundle.card.model_dump(mode="json")
    assert found["runs_as_verified"] is (True if bundle.card.verification else None)
    assert main(["bundle", "show", name]) == 0
    shown = capsys.readouterr().out
    assert bundle.sha256 in shown
    assert bundle.card.training.licence in shown


def test_a_model_that_runs_otherwise_here_is_said_so(tmp_path, capsys):
    bundle = load_bundle("table1")
    other = bundle.card.model_copy(update={"verification": {"runtimes": {"outputs_sha256": "0" * 64}}})
    write_bundle(tmp_path / "other.tflite", bundle.model, other)
    assert main(["bundle", "show", str(tmp_path / "other.tflite")]) == 0
    assert "gives OTHER outputs here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"hello", "not a TFLite model", id="foreign"),
        pytest.param(None, "no such model", id="missing"),
    ],
)
def test_what_is_no_bundle_is_refused_by_name(tmp_path, capsys, content, message):
    path = tmp_path / "x.tflite"
    if content:
        path.write_bytes(content)
    assert main(["bundle", "show", str(path)]) == 2
    assert f"x.tflite: {message}" in capsys.readouterr().err
