"""The command that makes all shipped bundles again: what it compares, and what it reports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convert import rebuild
from convert.rebuild import SHIPPED, main
from edge.errors import MaitredError
from edge.vision.bundle import load_bundle, shipped_models, write_bundle

pytestmark = pytest.mark.slow


@pytest.fixture
def made(monkeypatch) -> list[tuple[str, Path]]:
    """Replaces the minutes of conversion by a few bytes; gives the list of bundles that were made, in order."""
    asked: list[tuple[str, Path]] = []

    def write(name: str, data: Path, out: Path) -> None:
        asked.append((name, data))
        out.write_bytes(name.encode() * 3)

    monkeypatch.setattr(rebuild, "rebuild", write)
    return asked


def test_rebuild_makes_all_shipped_bundles():
    assert sorted(SHIPPED) == shipped_models()


def test_every_bundle_is_made_and_compared_with_the_old_one(made, tmp_path, capsys):
    (tmp_path / "mobile.tflite").write_bytes(b"mobile" * 3)
    (tmp_path / "face.tflite").write_bytes(b"another")
    assert main(["--data", str(tmp_path), "--out", str(tmp_path)]) == 0
    assert made == [(name, tmp_path) for name in SHIPPED]
    lines = capsys.readouterr().out.splitlines()
    reported = [re.sub(r", SHA.*", "", line) for line in lines]
    assert reported == [
        "mobile: the same 18 bytes as before", "vgg16: new", "table1: new", "face: ANOTHER MODEL than before",
    ]  # fmt: skip
    assert (tmp_path / "face.tflite").read_bytes() == b"faceface" + b"face"


def test_a_check_changes_nothing_and_fails_where_bytes_differ(made, tmp_path, capsys):
    (tmp_path / "mobile.tflite").write_bytes(b"mobile" * 3)
    (tmp_path / "face.tflite").write_bytes(b"another")
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path), "--check"]
    assert main(["mobile", *arguments]) == 0
    assert main(["mobile", "face", *arguments]) == 1
    assert (tmp_path / "face.tflite").read_bytes() == b"another"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["face.tflite", "mobile.tflite"]


@pytest.mark.parametrize(
    ("mae", "same", "message"),
    [
        pytest.param(5.088041, True, "1 figures on its card differ in their last digit (metrics/float/test/age_mae)"),
        pytest.param(5.0881, False, "the same model as before, ANOTHER CARD: metrics/float/test/age_mae"),
        pytest.param("5", False, "ANOTHER CARD: metrics/float/test/age_mae"),
    ],
)
def test_differences_in_the_last_digit_are_reported_and_accepted(tmp_path, mae, same, message):
    model, path = b"\0\0\0\0TFL3 and so on", tmp_path / "a.tflite"
    card = load_bundle("table1").card
    figures = {"float": {"test": {"n": 7, "age_mae": 5.08804}}}
    write_bundle(path, model, card.model_copy(update={"metrics": figures}))
    before = path.read_bytes()
    assert rebuild.compare_bundles(before, path).same
    figures["float"]["test"]["age_mae"] = mae
    write_bundle(path, model, card.model_copy(update={"metrics": figures}))
    found = rebuild.compare_bundles(before, path)
    assert found.same is same
    assert message in found.message
    write_bundle(path, model + b"!", card.model_copy(update={"metrics": figures}))
    assert rebuild.compare_bundles(before, path).message.startswith("ANOTHER MODEL")


def test_a_name_that_does_not_ship_is_refused(tmp_path, capsys):
    assert main(["resnet50", "--data", str(tmp_path)]) == 2
    assert "resnet50: not a bundle that ships" in capsys.readouterr().err


def test_a_conversion_that_fails_ends_it_with_its_name(tmp_path, capfd):
    assert main(["table1", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 1
    error = capfd.readouterr().err
    assert "nowhere: no such folder" in error
    assert "table1: could not be made (exit code 2, see above)" in error
    assert list(tmp_path.iterdir()) == []


def test_missing_checkpoints_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(rebuild, "CHECKPOINTS", tmp_path)
    with pytest.raises(MaitredError, match=r"table1\.keras: no such checkpoint; this needs a whole copy"):
        rebuild.rebuild("table1", tmp_path, tmp_path / "x.tflite")
