"""Plots are read back: the text of the SVG and the size of the PNG."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from training.data.dataset import Sample
from training.evaluation.metrics import Predictions, evaluation_report
from training.evaluation.plots import PLOTS, draw

pytestmark = pytest.mark.slow

HISTORY = [{"epoch": epoch, "loss": 5 / epoch, "age_mae": 9 - epoch, "gender_accuracy": 0.8} for epoch in (1, 2, 3)]


def result(ages=True, genders=True, history=()) -> dict:
    """A report about 60 faces with the given labels."""
    rng = np.random.default_rng(0)
    years = rng.integers(0, 90, 60)
    samples = [
        Sample(Path("x.jpg"), "0" * 64, (int(year), int(year)) if ages else None, row % 2 if genders else None)
        for row, year in enumerate(years)
    ]
    age = np.clip(years + rng.normal(0, 6, 60), 0, 100)
    found = Predictions(age, np.stack([age - 8, age + 8], 1), np.arange(60) % 2 * 0.3 + rng.random(60) * 0.7)
    return {"model": {"name": "table1", "history": list(history)}, **evaluation_report(samples, found, 200)}


def words(svg: Path) -> str:
    """All text of an SVG file, which must be well-formed."""
    return "\n".join(ElementTree.parse(svg).getroot().itertext())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A folder with all plots."""
    folder = tmp_path_factory.mktemp("drawn")
    draw(result(history=HISTORY), folder)
    return folder


AGE = {"age_confusion", "age_error", "cumulative_score"}
GENDER = {"gender_confusion", "gender_reliability", "gender_roc"}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(result(history=HISTORY), set(PLOTS), id="all labels and a history"),
        pytest.param(result(), AGE | GENDER, id="no history"),
        pytest.param(result(ages=False), GENDER, id="no ages"),
        pytest.param(result(genders=False), AGE, id="no genders"),
    ],
)
def test_figures_with_labels_are_drawn_as_png_and_svg(tmp_path, of, expected):
    assert set(draw(of, tmp_path)) == expected
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}" for name in expected for kind in ("png", "svg")
    }
    for name in expected:
        assert PLOTS[name][0] in words(tmp_path / f"{name}.svg")
        picture = cv2.imread(str(tmp_path / f"{name}.png"))
        assert min(picture.shape[:2]) >= 400
        assert picture.std() > 10  # something is drawn


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        pytest.param("gender_confusion", ["estimated gender", "labelled gender", "male", "female"], id="gender"),
        pytest.param("age_confusion", ["estimated age band (years)", "0-12", "65+"], id="age bands"),
        pytest.param("age_error", ["labelled age band (years)", "error (years), with 95 % interval"], id="age error"),
        pytest.param("cumulative_score", ["absolute age error at most (years)", "CS(5) = "], id="cumulative score"),
        pytest.param("gender_reliability", ["stated P(female)", "observed share of women", "ECE"], id="reliability"),
        pytest.param("gender_roc", ["women recognised (recall)", "AUC 0."], id="ROC"),
        pytest.param("training", ["epoch", "loss, validation", "age MAE (years), validation"], id="training"),
    ],
)
def test_axes_are_labelled(drawn, name, labels):
    text = words(drawn / f"{name}.svg")
    assert [label for label in labels if label not in text] == []


def test_cells_of_a_confusion_matrix_show_the_numbers(drawn):
    (tn, fp), (fn, tp) = result()["confusion_matrix"]
    cells = words(drawn / "gender_confusion.svg").split()
    assert {str(cell) for cell in (tn, fp, fn, tp)} <= set(cells)
    assert f"{100 * tn / (tn + fp):.1f}" in cells


def test_the_same_result_gives_the_same_svg(drawn, tmp_path):
    draw(result(history=HISTORY), tmp_path)
    for name in PLOTS:
        one, two = ((folder / f"{name}.svg").read_bytes() for folder in (drawn, tmp_path))
        assert one == two, name
        assert b"<dc:date>" not in one
