"""How `count` and `demo` print corrected shares."""

from __future__ import annotations

import re

from edge.census.shares.calibration import Calibration
from edge.commands.output import census_text, recording_json
from edge.config import Settings
from edge.counting.recording import RecordingCount
from edge.counting.visit import Visit
from edge.vision.bundle import load_bundle

SETTINGS = Settings()


def counted(number: int) -> RecordingCount:
    """The model's estimates of some of its calibration faces, as visits of a recording."""
    faces = Calibration.read(load_bundle("mobile").card.calibration)
    columns = (faces.age.tolist(), faces.low.tolist(), faces.high.tolist(), faces.probability.tolist())
    visits = [
        Visit(0, 6, 9, age, (low, high), None if age < 13 else female)
        for age, low, high, female in zip(*columns, strict=True)
    ]
    return RecordingCount(900, 60.0, tuple(visits[:: len(visits) // number][:number]))


def test_with_too_few_visits_count_says_so_instead_of_shares():
    few = counted(12)
    assert "too few patrons for corrected shares: they need 50 visits with an age, here are 12" in census_text(
        few, SETTINGS
    )
    assert recording_json(few, SETTINGS)["census"]["shares"] is None


def test_shares_are_printed_below_the_counts():
    many = counted(120)
    document = recording_json(many, SETTINGS)["census"]
    text = census_text(many, SETTINGS)
    assert sum(n for band in document["counts"].values() for n in band.values()) == 120
    for row in document["shares"]["bands"]:
        line = re.search(rf"^{re.escape(row['band'])} +(.+) %  +(.+) %$", text[text.index("likely shares") :], re.M)
        assert line is not None, row
        assert f"{100 * row['share']:.0f}" in line[1] or line[1] == "under 1"
    assert [row["gender"] for row in document["shares"]["genders"]] == ["female", "male"]
