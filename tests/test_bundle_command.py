"""``maitred bundle show``."""

from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.vision.bundle import load_bundle, shipped_models, write_bundle
from tests.bundles import file_content

WHOLE = file_content("table1")
CARD = WHOLE.index(b"card.json")
FLATBUFFER = WHOLE[: CARD - 30]


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_bundle_is_shown_and_runs_here_as_verified(name, capsys):
    assert main(["bundle", "show", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    bundle = load_bundle(name)
    assert found["sha256"] == bundle.sha256
    assert found["card"] == bundle.card.model_dump(mode="json")
    assert found["runs_as_verified"] is (True if bundle.card.verification else None)
    assert found["accelerated"] is True
    assert main(["bundle", "show", name]) == 0
    shown = capsys.readouterr().out
    assert bundle.sha256 in shown
    assert bundle.card.training.licence in shown


def test_a_model_that_runs_otherwise_here_is_said_so(tmp_path, capsys):
    bundle = load_bundle("table1")
    other = bundle.card.model_copy(update={"verification": {"runtimes": {"outputs_sha256": "0" * 64}}})
    write_bundle(tmp_path / "other.tflite", FLATBUFFER, other)
    assert main(["bundle", "show", str(tmp_path / "other.tflite")]) == 0
    assert "its outputs here are DIFFERENT" in capsys.readouterr().out


def damaged(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"hello", "not a TFLite model", id="foreign"),
        pytest.param(b"", "not a TFLite model", id="empty"),
        pytest.param(None, "no such model", id="missing"),
        pytest.param(WHOLE[: len(WHOLE) // 2], "truncated bundle", id="cut in the model"),
        pytest.param(WHOLE[:-10], "truncated bundle", id="cut in the card"),
        pytest.param(damaged(WHOLE, CARD + 4000), "without a readable card", id="a byte of the card"),
        pytest.param(WHOLE[:CARD], "without a readable card", id="no card"),
    ],
)
def test_what_is_no_bundle_is_refused_by_name(tmp_path, capsys, content, message):
    path = tmp_path / "x.tflite"
    if content is not None:
        path.write_bytes(content)
    assert main(["bundle", "show", str(path)]) == 2
    printed = capsys.readouterr()
    assert f"x.tflite: {message}" in printed.err or f"{message}" in printed.err.partition("x.tflite: ")[2]
    assert printed.out == ""


def test_another_schema_is_refused_by_its_number(tmp_path, capsys):
    bundle = load_bundle("table1")
    other = bundle.card.model_copy(update={"schema_version": 2})
    write_bundle(tmp_path / "new.tflite", FLATBUFFER, other)
    assert main(["bundle", "show", str(tmp_path / "new.tflite")]) == 2
    assert "new.tflite: its card has schema 2; this maitred reads schema 1" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mobile", "vgg16", "table1"])
def test_a_byte_of_the_model_that_was_altered_is_refused(name, tmp_path, capsys):
    whole = file_content(name)
    model = whole.index(b"card.json") - 30
    path = tmp_path / "x.tflite"
    for place in (8, model // 3, model - 1):
        path.write_bytes(damaged(whole, place))
        assert main(["bundle", "show", str(path)]) == 2
        assert "x.tflite: its model was altered or damaged" in capsys.readouterr().err
