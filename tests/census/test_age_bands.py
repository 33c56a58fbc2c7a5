"""Age bands: their labels, and which one an age is in."""

from __future__ import annotations

import pytest

from edge.census.age_bands import AgeBands

BANDS = AgeBands((0, 13, 18, 65))


@pytest.mark.parametrize(
    ("lower", "labels"),
    [
        ((0,), ("0+",)),
        ((0, 18), ("0-17", "18+")),
        ((0, 1, 2), ("0-0", "1-1", "2+")),
        ((0, 13, 18, 65), ("0-12", "13-17", "18-64", "65+")),
    ],
)
def test_labels_are_the_first_and_last_whole_year(lower, labels):
    assert AgeBands(lower).labels == labels


@pytest.mark.parametrize(
    ("age", "label"),
    [
        (0, "0-12"), (12, "0-12"), (12.999, "0-12"), (13, "13-17"), (17.5, "13-17"), (18.0, "18-64"),
        (64.9, "18-64"), (65, "65+"), (100, "65+"), (-0.4, "0-12"),
    ],
)  # fmt: skip
def test_an_age_is_in_the_band_of_its_whole_years(age: float, label: str):
    assert BANDS.label(age) == label
