"""Two real processes train one network over the loopback interface and end with the same weights."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import BadInput
from tests.waiting import free_ports
from training.fit.distributed import MultiWorker
from training.networks.checkpoint import load_network

pytestmark = pytest.mark.slow

TRAIN = [sys.executable, "-c", "import sys; from edge.cli import main; sys.exit(main())"]
RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "table1.toml"


@pytest.fixture
def faces(coloured_faces, tmp_path: Path) -> Path:
    return coloured_faces(tmp_path / "faces", 40)


def environment(addresses: list[str], index: int) -> dict[str, str]:
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    return {**os.environ, "TF_CONFIG": json.dumps(config), "TF_CPP_MIN_LOG_LEVEL": "2"}


def test_two_workers_end_with_the_same_weights(faces: Path, tmp_path: Path):
    recipe = tmp_path / "small.toml"
    text = re.sub(r"(?m)^epochs = .*", "epochs = 2", RECIPE.read_text()).replace("batch_size = 32", "batch_size = 8")
    recipe.write_text(text)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = [
        subprocess.Popen(
            [
                *TRAIN, "train", str(recipe), "--data", str(faces), "--out", str(tmp_path / f"worker{index}"),
                "--strategy", "multiworker", "--teacher", "none",
            ],
            env=environment(addresses, index), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for index in range(2)
    ]  # fmt: skip
    for process in processes:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors[-3000:]
    one, other = (load_network(tmp_path / f"worker{index}" / "model.keras") for index in range(2))
    for before, after in zip(one.weights, other.weights, strict=True):
        assert np.array_equal(before.numpy(), after.numpy()), before.path
    assert json.loads((tmp_path / "worker0" / "run.json").read_text())["workers"] == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param(None, "needs the variable TF_CONFIG on every worker", id="missing"),
        pytest.param("{", "TF_CONFIG: JSONDecodeError", id="no JSON"),
        pytest.param('{"cluster": {}}', "TF_CONFIG: KeyError", id="no workers"),
        pytest.param(
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "no such worker", id="index"
        ),
        pytest.param(
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "no such worker", id="another task"
        ),
    ],
)
def test_an_impossible_cluster_is_refused_by_name(config: str | None, message: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(BadInput, match=message):
        MultiWorker()
