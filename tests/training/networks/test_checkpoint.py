"""An exported run: half the bytes, the same network, and no one's folder names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training.networks.checkpoint import load_network, main
from training.networks.provenance import origin
from training.networks.registry import NETWORKS

pytestmark = pytest.mark.slow

COMMAND = [
    "/home/someone/bin/maitred",
    "train",
    "/home/someone/mobile.toml",
    "--data",
    "/home/someone/faces",
    "--resume",
    "--out",
    "/runs/1",
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    facts = {
        "recipe": {"network": "mobile"}, "command": COMMAND, "weights": None,
        "data": [{"about": "faces", "licence": "research"}],
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(facts))
    (tmp_path / "progress.jsonl").write_text('{"epoch": 1, "loss": 3.0}\n')
    NETWORKS["mobile"]().save(tmp_path / "model.keras")
    return tmp_path


def test_an_exported_network_has_half_the_size_and_computes_the_same(run: Path, tmp_path: Path, capsys):
    out = tmp_path / "kept" / "mobile.keras"
    assert main([str(run), str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    whole, half = load_network(run / "model.keras"), load_network(out)
    assert out.stat().st_size < 0.6 * (run / "model.keras").stat().st_size
    faces = np.random.default_rng(0).random((2, 160, 160, 3), np.float32)
    for before, after in zip(whole(faces), half(faces), strict=True):
        assert after.dtype == "float32"
        np.testing.assert_allclose(before, after, atol=0.01 * np.abs(before).max())
    for layer in half.layers:
        assert all(weight.dtype == "float32" for weight in layer.weights)


def test_the_records_are_exported_without_the_folders_of_the_trainer(run: Path, tmp_path: Path):
    out = tmp_path / "kept" / "mobile.keras"
    main([str(run), str(out)])
    found = origin(out)
    assert found["training"]["data"] == "faces"
    assert found["history"] == [{"epoch": 1, "loss": 3.0}]
    facts = json.loads(out.with_suffix(".run.json").read_text())
    assert facts["command"] == ["maitred", "train", "mobile.toml", "--data", "DATA", "--resume", "--out", "OUT"]
    assert "someone" not in out.with_suffix(".run.json").read_text()


def test_a_folder_without_a_finished_run_is_refused(tmp_path: Path, capsys):
    assert main([str(tmp_path), str(tmp_path / "out.keras")]) == 2
    assert "model.keras: no such Keras file" in capsys.readouterr().err
