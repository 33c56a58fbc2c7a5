"""Arrows go one way: what the device runs never reaches into training, conversion or TensorFlow."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("tensorflow", "keras", "tensorboard")


def modules_after(program: str) -> list[str]:
    """What is imported once ``program`` has run in a fresh interpreter."""
    program += "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", sorted((ROOT / "edge").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_agent_imports_nothing_of_training_or_convert(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module.partition(".")[0])
    assert not imported & {"training", "convert", *HEAVY}


def test_building_the_command_line_loads_nothing_heavy():
    loaded = modules_after("import edge.cli; edge.cli.build_parser()")
    assert "edge.commands.predict" in loaded
    assert not {"cv2", "numpy", *HEAVY} & set(loaded)


def test_the_agents_models_run_without_training_convert_and_tensorflow():
    loaded = modules_after("from edge.counting.pipeline import Pipeline; Pipeline()")
    assert "edge.vision.demographics" in loaded
    assert not [name for name in loaded if name.partition(".")[0] in {"training", "convert", *HEAVY}]


def test_evaluating_loads_nothing_of_tensorflow_until_a_keras_file_is_named():
    loaded = modules_after("import training.evaluation.evaluate")
    assert "training.evaluation.metrics" in loaded
    assert not set(HEAVY) & set(loaded)
