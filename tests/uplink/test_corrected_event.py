"""The event of a device whose model has known errors: corrected shares, computed from what is disclosed alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from edge.census.shares.estimator import ShareEstimator
from edge.census.window import Window
from edge.config import parse_settings
from edge.uplink import ModelIdentity, census_event
from edge.vision.bundle import load_bundle

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs/schema/census-window-v1.json").read_text(encoding="utf-8")
)
SETTINGS = parse_settings({}, "test")
MODEL = ModelIdentity("mobile", "1", "0123456789abcdef" * 4)
ESTIMATOR = ShareEstimator.of(load_bundle("mobile").card, SETTINGS.census)
TOLD = {("25-34", "female"): 30, ("25-34", "male"): 20, ("0-12", "unknown"): 9}


def data_of(counts):
    body = census_event(Window(0, 3600, counts), SETTINGS, MODEL, "synchronised", estimator=ESTIMATOR)[1]
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(json.loads(body))
    return json.loads(body)["data"]


def test_the_event_names_its_method_and_keeps_the_raw_counts():
    data = data_of(TOLD)
    assert (data["shares"]["method"], data["shares"]["interval"], data["shares"]["level"]) == (
        "prior-shift-em", "bootstrap", 0.95,
    )  # fmt: skip
    counts = {(c["band"], c["gender"]): c["count"] for c in data["counts"]}
    assert {cell: n for cell, n in counts.items() if n} == TOLD
    shares = data["shares"]["cells"]
    assert sum(s["share"] for s in shares) == pytest.approx(1, abs=0.002)
    assert any(abs(s["share"] - counts[s["band"], s["gender"]] / 59) > 0.01 for s in shares)


@pytest.mark.parametrize("counts", [{}, {("18-24", "male"): 3}, {("18-24", "male"): 4, ("65+", "male"): 4}])
def test_a_cell_whose_count_is_withheld_has_no_share(counts):
    cells = data_of(counts)["shares"]["cells"]
    assert cells == []


def test_withheld_visits_cannot_be_found_in_the_shares():
    one = data_of(TOLD | {("18-24", "male"): 4, ("65+", "male"): 2})
    other = data_of(TOLD | {("45-54", "female"): 3, ("13-17", "female"): 3})
    assert one == other
    assert {(s["band"], s["gender"]) for s in one["shares"]["cells"]} == set(TOLD)
