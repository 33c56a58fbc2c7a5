"""The charts as documents."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import date

import pytest
from flask.testing import FlaskClient

from edge.dashboard import charts
from edge.dashboard.day import BandCount, Hour, Summary
from edge.dashboard.localtime import day_bounds, hours_of
from edge.store import Store

from .conftest import PARIS

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("hours", "pyramid", "days", "entrance")
ADDRESSES = [f"/charts/{name}.svg?size={size}" for name in NAMES for size in charts.SIZES]


def bars(document: bytes) -> list[dict[str, float]]:
    root = ElementTree.fromstring(document)
    found = [rect for rect in root.iter(f"{SVG}rect") if "tooltip-trigger" in rect.get("class", "")]
    return [{name: float(rect.get(name, "nan")) for name in ("x", "y", "width", "height")} for rect in found]


def labels(document: bytes) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(document).iter(f"{SVG}text")]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_chart_is_svg_without_scripts_or_foreign_addresses(client: FlaskClient, lunch: Store, address: str):
    answer = client.get(address)
    root = ElementTree.fromstring(answer.data)
    attributes = " ".join(value for node in root.iter() for value in node.attrib.values())

    assert answer.mimetype == "image/svg+xml"
    assert not list(root.iter(f"{SVG}script"))
    assert "://" not in attributes
    assert "@import" not in answer.text and "url(" not in answer.text
    assert "prefers-color-scheme" in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_chart_of_nothing_is_a_chart(client: FlaskClient, address: str):
    assert ElementTree.fromstring(client.get(address).data).tag == f"{SVG}svg"


def test_a_chart_is_sent_once_while_it_stays_the_same(client: FlaskClient, lunch: Store):
    first = client.get("/charts/hours.svg")

    again = client.get("/charts/hours.svg", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


@pytest.mark.parametrize(
    "on",
    [
        pytest.param(date(2026, 5, 12), id="24-hours"),
        pytest.param(date(2026, 3, 29), id="23-hours"),
        pytest.param(date(2026, 10, 25), id="25-hours"),
    ],
)
def test_the_hours_are_bars_in_proportion(on: date):
    hours = [Hour(*hour, visits=2 * (number == 20) + (number == 12)) for number, hour in
             enumerate(hours_of(*day_bounds(on, PARIS), PARIS))]  # fmt: skip

    found = bars(charts.hours_chart(hours, "wide"))

    assert len(found) == len(hours)
    heights = [bar["height"] for bar in found]
    assert heights[20] == pytest.approx(2 * heights[12])
    assert all(height == pytest.approx(0, abs=1e-6) for n, height in enumerate(heights) if n not in (12, 20))


def test_the_pyramid_sets_women_left_men_right_and_others_in_the_middle():
    document = charts.pyramid_chart([BandCount("0-12", 0, 0, 4), BandCount("13+", 3, 6, 0)], "wide")
    drawn = sorted((bar for bar in bars(document) if bar["width"] > 1), key=lambda bar: (bar["y"], bar["x"]))
    # The oldest band is at the top.
    women, men, left_half, right_half = drawn
    middle = women["x"] + women["width"]
    unit = women["width"] / 3

    assert men["x"] == pytest.approx(middle)
    assert men["width"] == pytest.approx(6 * unit)
    assert (left_half["x"], left_half["width"]) == pytest.approx((middle - 2 * unit, 2 * unit))
    assert (right_half["x"], right_half["width"]) == pytest.approx((middle, 2 * unit))


def test_no_axis_of_the_pyramid_counts_below_zero():
    document = charts.pyramid_chart([BandCount("13+", 300, 6, 0)], "narrow")

    assert not [label for label in labels(document) if label.startswith("-")]


def test_a_number_is_left_out_of_a_bar_too_short_for_it():
    assert "300" in labels(charts.pyramid_chart([BandCount("13+", 300, 7, 0)], "narrow"))
    assert "7" not in labels(charts.pyramid_chart([BandCount("13+", 300, 7, 0)], "narrow"))
    assert "7" in labels(charts.pyramid_chart([BandCount("13+", 10, 7, 0)], "narrow"))


def test_the_newest_day_is_always_labelled():
    days = [Summary(date(2026, 5, 1 + n), 0, 0, n, None, 0, 0, None) for n in range(30)]

    assert "30 May" in labels(charts.days_chart(days, "narrow"))
