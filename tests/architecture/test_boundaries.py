"""Imports go one way: from top-level folder to top-level folder, and inside each of them floor by floor."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.floors import ENTRANCES, MAY_USE, floor_of
from tests.architecture.imports import (
    NESTED,
    ROOT,
    Import,
    between_packages,
    circles,
    entry_points,
    modules,
    package_of,
    read_imports,
)

HEAVY = ("tensorflow", "keras", "tensorboard")
NOT_ON_DEVICES = (*HEAVY, "sklearn", "scipy", "matplotlib", "onnx", "av", "motmetrics")
LONGEST = 300
MODULES = modules()
IMPORTS = read_imports(MODULES)
ARROWS = between_packages(IMPORTS)
FLOOR = floor_of()


def modules_after(program: str) -> list[str]:
    """What is imported once ``program`` has run in a fresh interpreter."""
    program += "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def places(imports: list[Import]) -> str:
    return ", ".join(f"{each.importer}:{each.line} imports {each.imported}" for each in imports)


def runs_by_itself(module: str) -> bool:
    """Whether ``python -m`` is a use of it."""
    return 'if __name__ == "__main__":' in MODULES[module].read_text(encoding="utf-8")


# The order of the packages.


def test_every_package_has_a_floor_and_every_floor_its_packages():
    tied = {end for arrow in ARROWS for end in arrow}
    there = {package_of(module) for module in MODULES} - (NESTED - tied)

    assert there == set(FLOOR), (
        "tests/architecture/floors.py is the table of floors: add the package there, or take it out"
    )


@pytest.mark.parametrize("arrow", sorted(ARROWS), ids=" imports ".join)
def test_an_import_goes_down(arrow: tuple[str, str]):
    above, below = arrow
    top, other = above.partition(".")[0], below.partition(".")[0]

    if top != other:
        assert other in MAY_USE[top], f"{top} must not use {other}: {places(ARROWS[arrow])}"
    else:
        assert FLOOR[above] > FLOOR[below], f"{above} is not above {below}: {places(ARROWS[arrow])}"


def test_no_packages_import_each_other_in_a_circle():
    assert circles(ARROWS) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles((each.importer, each.imported) for each in IMPORTS if each.imported in MODULES) == []


@pytest.mark.parametrize("package", sorted(FLOOR))
def test_something_is_tied_to_every_package(package: str):
    used = {end for _, end in ARROWS} | ENTRANCES | {package_of(module) for module in entry_points()}

    assert package in used, f"nothing imports {package}, and no entry point names it"


def test_every_module_is_used():
    used = {each.imported for each in IMPORTS if each.imported != each.importer} | entry_points()
    unused = [
        module
        for module, path in MODULES.items()
        if path.name != "__init__.py" and module not in used and not runs_by_itself(module)
    ]

    assert unused == []


@pytest.mark.parametrize(
    "path",
    [*MODULES.values(), *sorted((ROOT / "firmware_config").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_module_can_be_read_in_one_sitting(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


# What the device runs never reaches into training, conversion, the cloud or TensorFlow.


@pytest.mark.parametrize("module", [name for name in MODULES if name.partition(".")[0] == "edge"])
def test_the_agent_imports_nothing_of_training_convert_or_cloud(module: str):
    imported = {each.imported.partition(".")[0] for each in IMPORTS if each.importer == module}

    assert not imported & {"training", "convert", "cloud", *NOT_ON_DEVICES}


def test_building_the_command_line_loads_nothing_heavy():
    loaded = modules_after("import edge.cli; edge.cli.build_parser()")
    assert "edge.commands.predict" in loaded
    assert not {"cv2", "numpy", *HEAVY} & set(loaded)


@pytest.mark.slow
def test_the_agents_models_run_without_training_convert_and_tensorflow():
    loaded = modules_after("from edge.counting.pipeline import Pipeline; Pipeline()")
    assert "edge.vision.demographics" in loaded
    assert not [name for name in loaded if name.partition(".")[0] in {"training", "convert", "cloud", *NOT_ON_DEVICES}]


@pytest.mark.slow
def test_evaluating_loads_nothing_of_tensorflow_until_a_keras_file_is_named():
    loaded = modules_after("import training.evaluation.evaluate")
    assert "training.evaluation.metrics" in loaded
    assert not set(HEAVY) & set(loaded)
