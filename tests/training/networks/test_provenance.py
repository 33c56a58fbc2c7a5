"""The records beside a Keras file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import BadInput
from training.networks.provenance import origin

FACES, PHOTOS = {"about": "faces", "licence": "research"}, {"about": "photos", "licence": "research"}
RUN = {"recipe": {"network": "mobile"}, "data": [FACES, PHOTOS], "weights": {"about": "a face network", "sha256": "cc"}}
LINES = [
    {"epoch": 1, "step": 10, "loss": 9.0}, {"epoch": 1, "step": 10, "loss": 8.0}, {"epoch": 2, "step": 20, "loss": 7.0},
]  # fmt: skip


def write(path: Path, *documents: object) -> None:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))


@pytest.mark.parametrize("prefix", [pytest.param("", id="run folder"), pytest.param("model.", id="several models")])
def test_the_records_beside_the_model_are_read(tmp_path, prefix):
    write(tmp_path / f"{prefix}run.json", RUN)
    write(tmp_path / f"{prefix}progress.jsonl", *LINES)
    found = origin(tmp_path / "model.keras")
    assert found["training"]["data"] == "faces; photos"
    assert found["training"]["licence"] == "research"
    assert found["training"]["source"] == "maitred train mobile, from a face network"
    assert found["history"] == LINES[1:]  # the repeated epoch counts once


def test_the_licence_of_a_teacher_applies_to_its_student(tmp_path):
    teachers = [{"network": "vgg16", "licence": "research; teaching"}, {"network": "own"}]
    write(tmp_path / "run.json", {**RUN, "data": [{"about": "own", "licence": "ours"}], "teachers": teachers})
    found = origin(tmp_path / "model.keras")["training"]
    assert found["licence"] == "ours; research; teaching"
    assert found["source"].endswith("; taught by vgg16 and own")


def test_the_licence_of_an_earlier_run_applies_to_the_run_that_continues_it(tmp_path):
    earlier = {"about": "an earlier run", "sha256": "cc", "licence": "research"}
    write(tmp_path / "run.json", {**RUN, "data": [{"about": "own", "licence": "ours"}], "weights": earlier})
    assert origin(tmp_path / "model.keras")["training"]["licence"] == "ours; research"


def test_files_named_like_the_model_take_precedence(tmp_path):
    write(tmp_path / "run.json", RUN)
    write(tmp_path / "mine.run.json", {**RUN, "data": [PHOTOS]})
    assert origin(tmp_path / "mine.keras")["training"]["data"] == "photos"


def test_without_records_nothing_is_known(tmp_path):
    assert origin(tmp_path / "model.keras") == {}


def test_a_figure_that_is_nan_is_unknown(tmp_path):
    (tmp_path / "progress.jsonl").write_text('{"epoch": 1, "age_mae": NaN}\n')
    assert origin(tmp_path / "model.keras")["history"] == [{"epoch": 1, "age_mae": None}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("run.json", "{", id="half a document"),
        pytest.param("run.json", "[]", id="no object"),
        pytest.param("run.json", "{}", id="another program's"),
        pytest.param("progress.jsonl", '{"epoch": 1}\n{"epo', id="half a line"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=name):
        origin(tmp_path / "model.keras")
