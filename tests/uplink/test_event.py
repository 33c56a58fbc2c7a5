"""The event: its shape, what it withholds, and that it is fixed once made."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.uplink import ModelIdentity, census_event

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs/schema/census-window-v1.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
MODEL = ModelIdentity("mobile", "1.0.0", "0123456789abcdef" * 4)
SETTINGS = parse_settings({"site": {"name": "trattoria-lucia", "device": "front-door"}}, "test")
END = 1_795_287_600.0


def window(counts, entries: int = 0, exits: int = 0, end: float = END) -> Window:
    dwell = (1.04, 2.06, 3.0) if counts else None
    return Window(end - 900, end, counts, entries, exits, dwell, Traffic(900, 100))


def event_of(counts, settings=SETTINGS, **more):
    return json.loads(census_event(window(counts, **more), settings, MODEL, "synchronised")[1])


BUSY = {("18-24", "female"): 9, ("18-24", "male"): 7, ("25-34", "male"): 4, ("65+", "female"): 2}
CASES = {
    "nobody": {},
    "a few": {("18-24", "female"): 4},
    "enough, all in small cells": {("18-24", "female"): 4, ("18-24", "male"): 4},
    "one cell": {("18-24", "female"): 20},
    "busy": BUSY,
    "children and unclassified": {("0-12", "unknown"): 12, ("unknown", "unknown"): 8},
    "a cell the settings do not know": {("18-20", "female"): 9, ("0-12", "male"): 6},
}


@pytest.mark.parametrize("counts", CASES.values(), ids=CASES)
@pytest.mark.parametrize(
    "census",
    [{}, {"bands": [0]}, {"bands": [0, 13, 65], "no_gender_below": 20}, {"min_cell": 1}, {"min_cell": 100}],
    ids=["default", "one band", "few bands", "nothing withheld", "everything withheld"],
)
def test_every_event_satisfies_the_published_schema(counts, census):
    settings = parse_settings({"census": census}, "test")
    VALIDATOR.validate(event_of(counts, settings, entries=3, exits=12))


def change(path: str, value):
    """The busy event with one value replaced, or removed if `value` is KeyError."""
    event = copy.deepcopy(event_of(BUSY))
    *parents, last = path.split("/")
    node = event
    for part in parents:
        node = node[int(part) if isinstance(node, list) else part]
    if value is KeyError:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return event


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "not-a-uuid"),
        ("id", KeyError),
        ("specversion", "0.3"),
        ("type", "io.maitred.census.window.v2"),
        ("source", "https://example.com"),
        ("time", "2026-11-21T19:00:00+01:00"),
        ("time", "2026-13-21T19:00:00.000Z"),
        ("data/clock", "right"),
        ("data/visits", -1),
        ("data/visits", 2.5),
        ("data/visits", None),
        ("data/counts/1/gender", "f"),
        ("data/counts/1/count", KeyError),
        ("data/counts", []),
        ("data/shares/cells/0/high", 1.2),
        ("data/model/sha256", "abc"),
        ("data/dwell_s", {"p10": 1}),
        ("data/frames/dropped_ratio", -0.1),
        ("data/withheld/min_cell", 0),
    ],
)
def test_the_schema_refuses_what_is_not_such_an_event(path: str, value: object):
    assert not VALIDATOR.is_valid(change(path, value))


def names_of_schema(node, schema=SCHEMA):
    """Nested member names, with lists as their items."""
    if "$ref" in node:
        return names_of_schema(SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[1]])
    if "items" in node:
        return names_of_schema(node["items"])
    return {name: names_of_schema(member) for name, member in node.get("properties", {}).items()}


def names_of_event(node):
    if isinstance(node, list):
        return names_of_event(node[0])
    return {name: names_of_event(member) for name, member in node.items()} if isinstance(node, dict) else {}


def test_the_event_has_the_members_of_the_schema_and_no_others():
    assert names_of_event(event_of(BUSY)) == names_of_schema(SCHEMA)


def test_the_envelope_names_the_device_and_the_end_of_the_window():
    event = event_of(BUSY)
    assert event["source"] == "maitred/trattoria-lucia/front-door"
    assert event["time"] == event["data"]["window"]["end"] == "2026-11-21T19:00:00.000Z"
    assert event["data"]["window"]["start"] == "2026-11-21T18:45:00.000Z"


def test_counts_shares_and_totals_are_those_of_the_window():
    data = event_of(BUSY, entries=12, exits=0)["data"]
    counts = {(c["band"], c["gender"]): c["count"] for c in data["counts"]}
    assert {cell: n for cell, n in counts.items() if n is not None} == {
        ("18-24", "female"): 9,
        ("18-24", "male"): 7,
    }
    assert len(counts) == len(data["counts"]) == 16
    assert data["withheld"] == {"min_cell": 5, "cells": 14, "visits": 6}
    assert data["visits"] == 22
    assert [(s["band"], s["gender"], s["share"]) for s in data["shares"]["cells"]] == [
        ("18-24", "female", round(9 / 22, 4)),
        ("18-24", "male", round(7 / 22, 4)),
    ]
    assert data["shares"]["method"] == "raw"
    assert (data["entries"], data["exits"]) == (12, 0)
    assert data["dwell_s"] == {"p10": 1.0, "p50": 2.1, "p90": 3.0}
    assert data["frames"] == {"processed": 900, "dropped_ratio": 0.1}
    assert data["model"] == {"name": "mobile", "version": "1.0.0", "sha256": MODEL.sha256}


def test_an_empty_window_is_sent_as_such():
    data = event_of({})["data"]
    assert data["visits"] == 0
    assert {c["count"] for c in data["counts"]} == {0}
    assert (data["entries"], data["exits"], data["dwell_s"], data["shares"]["cells"]) == (0, 0, None, [])


@pytest.mark.parametrize("visits", [1, 2, 3, 4])
def test_windows_of_too_few_visits_cannot_be_distinguished(visits: int):
    one = event_of({("18-24", "female"): 1}, entries=1)["data"]
    other = event_of({("65+", "male"): visits}, exits=visits)["data"]
    assert one == other


def test_an_id_is_never_used_twice_even_for_the_same_window():
    ids = [census_event(window(BUSY), SETTINGS, MODEL)[0] for _ in range(100)]
    assert len(set(ids)) == 100


def test_the_id_given_is_the_id_in_the_body():
    event_id, body = census_event(window(BUSY), SETTINGS, MODEL)
    assert json.loads(body)["id"] == event_id


def test_the_body_is_compact_text_with_sorted_names():
    _, body = census_event(window(BUSY), SETTINGS, ModelIdentity("modèle", "1", MODEL.sha256))
    assert body == json.dumps(json.loads(body), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    assert "modèle" in body


@pytest.mark.parametrize(
    ("end", "text"),
    [(END + 0.25, "2026-11-21T19:00:00.250Z"), (0.0, "1970-01-01T00:00:00.000Z"), (END, "2026-11-21T19:00:00.000Z")],
)
def test_times_are_utc_with_milliseconds(end: float, text: str):
    assert event_of({}, end=end)["time"] == text
