"""The calibration table of a card: it is read as it was written, and damage is named."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from edge.census.shares.calibration import KEY, Calibration
from edge.errors import BadInput
from edge.vision.bundle import load_bundle


def rows(calibration: Calibration) -> list[tuple[int, ...]]:
    columns = [getattr(calibration, field.name) for field in fields(Calibration)]
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_the_table_is_short_and_readable():
    intervals = [(28.04, 41), (25.06, 33.3), (2, 7), (90, 140)]
    calibration = Calibration.of(
        [34, 34, 5, 100], [1, 1, 0, 0], [35.99, 29.0, 4.2, 131.0], intervals, [0.8, 0.4999, 0, 1]
    )
    assert calibration.table() == {
        "male": {"5": "4.2(2.0-7.0)0", "100": "100.0(90.0-100.0)1000"},
        "female": {"34": "29.0(25.0-33.3)499 35.9(28.0-41.0)800"},
    }


def test_a_calibration_is_read_as_it_was_written():
    random = np.random.default_rng(3)
    written = Calibration.of(
        random.integers(0, 101, 500),
        random.integers(0, 2, 500),
        random.uniform(0, 101, 500),
        np.sort(random.uniform(0, 100, (500, 2))),
        random.random(500),
    )
    read = Calibration.read({KEY: written.table()})
    assert rows(read) == rows(written)


def test_a_card_without_the_table_has_none():
    assert Calibration.read({"split": "validation"}) is None


@pytest.mark.parametrize(
    "table",
    [
        pytest.param([], id="no table"),
        pytest.param({"female": {}}, id="no men"),
        pytest.param({"female": {}, "male": {}}, id="nobody"),
        pytest.param({"female": {"34": "31.0(28.0-35.5)"}, "male": {}}, id="no gender"),
        pytest.param({"female": {"34": "31.0(28.0-35.5)980"}, "male": {"x": "31.0(28.0-35.5)20"}}, id="no age"),
        pytest.param({"female": {"34": "131.0(28.0-35.5)980"}, "male": {}}, id="too old"),
        pytest.param({"female": {"34": "31.0(28.0-35.5)1001"}, "male": {}}, id="more than certain"),
        pytest.param({"female": {"34": 31}, "male": {}}, id="a number"),
        pytest.param({"female": "31.0(28.0-35.5)980", "male": {}}, id="text"),
    ],
)
def test_a_damaged_table_is_named(table):
    with pytest.raises(BadInput, match=r"somebody's: .*calibration"):
        Calibration.read({KEY: table}, "somebody's")


@pytest.mark.parametrize("name", ["mobile", "table1", "vgg16"])
def test_the_shipped_cards_contain_every_validation_face(name):
    card = load_bundle(name).card
    calibration = Calibration.read(card.calibration)
    assert len(calibration) == card.metrics["int8"]["validation"]["n"]
    matrix = np.zeros((2, 2), int)
    np.add.at(matrix, (calibration.true_female, calibration.female), 1)
    assert matrix.tolist() == card.calibration["gender"]["matrix"]
