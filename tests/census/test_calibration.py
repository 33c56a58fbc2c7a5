"""The calibration table of a card: what goes in comes out, damage is named."""

from __future__ import annotations

import numpy as np
import pytest

from edge.census.calibration import KEY, Calibration
from edge.errors import BadInput
from edge.vision.bundle import load_bundle


def rows(calibration: Calibration) -> list[tuple[int, ...]]:
    columns = (calibration.true_age, calibration.true_female, calibration.age, calibration.female)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_the_table_is_short_and_readable():
    calibration = Calibration.of([34, 34, 5, 100], [1, 1, 0, 0], [35.9, 29.0, 4.2, 131.0], [0.8, 0.5, 0.1, 0.6])
    assert calibration.table() == {"male": {"5": "4m", "100": "100f"}, "female": {"34": "29f 35f"}}


def test_what_is_written_is_read():
    random = np.random.default_rng(3)
    written = Calibration.of(
        random.integers(0, 101, 500), random.integers(0, 2, 500), random.uniform(0, 101, 500), random.random(500)
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
        pytest.param({"female": {"34": "31"}, "male": {}}, id="no gender"),
        pytest.param({"female": {"34": "31f"}, "male": {"x": "31m"}}, id="no age"),
        pytest.param({"female": {"34": "131f"}, "male": {}}, id="too old"),
        pytest.param({"female": {"34": 31}, "male": {}}, id="a number"),
        pytest.param({"female": "31f", "male": {}}, id="text"),
    ],
)
def test_a_damaged_table_is_named(table):
    with pytest.raises(BadInput, match=r"somebody's: .*calibration"):
        Calibration.read({KEY: table}, "somebody's")


@pytest.mark.parametrize("name", ["mobile", "table1", "vgg16"])
def test_the_shipped_cards_hold_every_validation_face(name):
    card = load_bundle(name).card
    calibration = Calibration.read(card.calibration)
    assert len(calibration) == card.metrics["int8"]["validation"]["n"]
    matrix = np.zeros((2, 2), int)
    np.add.at(matrix, (calibration.true_female, calibration.female), 1)
    assert matrix.tolist() == card.calibration["gender"]["matrix"]
