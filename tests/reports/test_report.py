"""The report: local periods across changes of the clock, what it counts, and its formats."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import re
import time
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from edge.census.age_bands import AgeBands
from edge.census.periods import boundaries
from edge.census.shares.estimator import CORRECTED, ShareEstimator
from edge.census.window import Traffic
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.reports.likely_shares import likely_rows
from edge.reports.render import FIELDS, to_csv, to_html, to_json
from edge.reports.report import report
from edge.store import Store
from edge.vision.bundle import load_bundle

PARIS = ZoneInfo("Europe/Paris")
SETTINGS = parse_settings({"site": {"timezone": "Europe/Paris"}}, "test")
BANDS = AgeBands(SETTINGS.census.bands)


def at(text: str, zone: ZoneInfo = PARIS) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def visit(ended_at: float, age=30.0, female=0.9, direction=None, dwell: float = 4.0) -> Visit:
    interval = None if age is None else (age - 5, age + 5)
    return Visit(ended_at - dwell, ended_at, 9, age, interval, female, direction)


def report_of(store: Store, start: str, end: str, by="day", settings=SETTINGS):
    return report(store, at(start), at(end), by, settings)


# A row for each zone's peculiarity: (zone, from, to, by, number of periods, hours of each).
CHANGES = [
    pytest.param("Europe/Paris", "2026-03-28", "2026-03-31", "day", [24, 23, 24], id="spring"),
    pytest.param("Europe/Paris", "2026-10-24", "2026-10-27", "day", [24, 25, 24], id="autumn"),
    pytest.param("Europe/Paris", "2026-03-23", "2026-04-06", "week", [167, 168], id="week with spring"),
    pytest.param("Europe/Paris", "2026-03-29", "2026-03-30", "hour", [1] * 23, id="hours of the short day"),
    pytest.param("Europe/Paris", "2026-10-25", "2026-10-26", "hour", [1] * 25, id="hours of the long day"),
    pytest.param("America/Santiago", "2026-09-05", "2026-09-08", "day", [24, 23, 24], id="midnight does not exist"),
    pytest.param("America/Havana", "2024-11-02", "2024-11-05", "day", [24, 25, 24], id="midnight comes twice"),
    pytest.param("Asia/Kolkata", "2026-06-01", "2026-06-02", "hour", [1] * 24, id="half-hour zone"),
    pytest.param("Australia/Lord_Howe", "2026-04-04", "2026-04-07", "day", [24, 24.5, 24], id="half-hour change"),
    pytest.param("Europe/Paris", "2026-06-03", "2026-06-16", "week", [120, 168, 24], id="weeks cut by the range"),
    pytest.param("Europe/Paris", "2026-06-03T10:30", "2026-06-03T12:10", "hour", [0.5, 1, 1 / 6], id="hours cut"),
]


@pytest.mark.parametrize(("zone", "start", "end", "by", "hours"), CHANGES)
def test_periods_are_local_and_leave_no_gap(zone, start, end, by, hours):
    zone = ZoneInfo(zone)
    edges = boundaries(at(start, zone), at(end, zone), by, zone)
    assert [(b - a) / 3600 for a, b in itertools.pairwise(edges)] == pytest.approx(hours)


def test_without_a_zone_the_system_decides(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        start, end = at("2026-10-24"), at("2026-10-27")
        assert boundaries(start, end, "day", None) == boundaries(start, end, "day", PARIS)
    finally:
        monkeypatch.undo()
        time.tzset()
        assert os.environ.get("TZ") != "Europe/Paris"


def test_each_visit_counts_on_the_local_day_on_which_it_ended(store: Store):
    store.record(
        [visit(at("2026-10-24T23:59:59")), visit(at("2026-10-25T00:00:00")), visit(at("2026-10-25T23:59:59.9"))], 0
    )
    rows = report_of(store, "2026-10-24", "2026-10-27").rows
    assert [row.visits for row in rows] == [1, 2, 0]
    assert [row.start.isoformat() for row in rows] == [
        "2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00",
    ]  # fmt: skip


def test_both_hours_that_the_clock_repeats_are_there(store: Store):
    first = at("2026-10-25T02:30")
    store.record([visit(first), visit(first + 3600), visit(first + 3601)], 0)
    rows = report_of(store, "2026-10-25", "2026-10-26", "hour").rows
    assert [(row.start.isoformat(), row.visits) for row in rows if row.visits] == [
        ("2026-10-25T02:00:00+02:00", 1),
        ("2026-10-25T02:00:00+01:00", 2),
    ]


def test_a_range_without_visits_gives_rows_of_zero(store: Store):
    result = report_of(store, "2026-06-01", "2026-06-04")
    assert [(row.visits, row.entries, row.exits, row.mean_age, row.median_dwell_s) for row in result.rows] == [
        (0, 0, 0, None, None)
    ] * 3
    assert result.total.visits == 0
    for render in (to_csv, to_json, to_html):
        assert render(result)


@pytest.mark.parametrize("end", ["2026-06-01", "2026-05-31"])
def test_a_range_that_is_none_is_refused(store: Store, end: str):
    with pytest.raises(BadInput, match="start must be before its end"):
        report_of(store, "2026-06-01", end)


def three_visits(store: Store) -> None:
    noon = at("2026-06-01T12:00")
    store.record(
        [
            visit(noon, 30.0, 0.9, "in", 2.0),
            visit(noon + 60, 50.0, 0.1, "out", 4.0),
            visit(noon + 120, None, None, "in", 9.0),
        ],
        noon + 130,
    )


def test_a_row_tells_counts_crossings_mean_age_and_dwell(store: Store):
    three_visits(store)
    (row,) = report_of(store, "2026-06-01", "2026-06-02").rows
    assert row.counts == {("25-34", "female"): 1, ("45-54", "male"): 1, ("unknown", "unknown"): 1}
    assert (row.visits, row.entries, row.exits, row.mean_age, row.median_dwell_s) == (3, 2, 1, 40.0, 4.0)


def test_a_row_tells_how_many_were_inside_at_most_and_how_many_were_excluded(store: Store):
    def crossings(day: str, *moments: str) -> list[Visit]:
        return [visit(at(f"{day}T{moment[:5]}"), direction=moment[6:]) for moment in moments]

    first = crossings("2026-06-01", "09:10 in", "09:20 in", "10:10 out", "11:05 in", "11:06 in", "23:30 out")
    second = crossings("2026-06-02", "01:10 out", "03:59 in", "09:30 in")
    staff = [Visit(at("2026-06-01T08:00") - 5, at("2026-06-01T08:00"), 9, excluded=True)] * 3
    store.record([*first, *second, *staff], 0)

    hours = {row.start.strftime("%d %H"): row for row in report_of(store, "2026-06-01", "2026-06-03", "hour").rows}
    most = {label: row.most_inside for label, row in hours.items()}
    assert [most[f"01 {hour}"] for hour in ("08", "09", "10", "11", "12", "23")] == [0, 2, 2, 3, 3, 3]
    # Two stay over midnight; one leaves, one comes; at 4:00 everybody is said to be gone.
    assert [most[f"02 {hour}"] for hour in ("00", "01", "02", "03", "04", "09", "23")] == [2, 2, 1, 2, 0, 1, 1]
    assert (hours["01 08"].visits, hours["01 08"].excluded, hours["01 09"].excluded) == (0, 3, 0)
    result = report_of(store, "2026-06-01", "2026-06-03")
    assert [row.most_inside for row in result.rows] == [3, 2]
    assert (result.total.most_inside, result.total.excluded, result.total.visits) == (3, 3, 9)
    assert "3 visits of staff are not counted" in to_html(result)


def test_where_nobody_is_seen_leaving_nobody_knows_how_many_are_inside(store: Store):
    noon = at("2026-06-01T12:00")
    store.record([visit(noon + n, direction="in") for n in range(20)], 0)
    store.record([visit(noon + 2 * 86400, direction="in")], 0)
    # The second day begins with four hours of the first one's occupancy.
    assert [row.most_inside for row in report_of(store, "2026-06-01", "2026-06-04").rows] == [None, None, 1]


def test_excluded_visits_that_were_deleted_are_told_from_their_windows(store: Store):
    for day in (1, 2, 3):
        morning = at(f"2026-06-0{day}T08:00")
        store.record([Visit(morning - 5, morning, 9, excluded=True)] * day, morning)
        close(store, morning + 900)
        store.record([visit(morning + 3600)], morning + 3601)
        close(store, morning + 4500)
    before = report_of(store, "2026-06-01", "2026-06-05")
    store.prune(at("2026-06-03"), parse_settings({"store": {"keep_visits_days": 1}}, "test").store)
    after = report_of(store, "2026-06-01", "2026-06-05")
    for result in (before, after):
        assert [(row.visits, row.excluded) for row in result.rows] == [(1, 1), (1, 2), (1, 3), (0, 0)]


def test_the_total_is_that_of_all_rows(store: Store):
    three_visits(store)
    store.record([visit(at("2026-06-02T12:00"), 8.0, None, "out")], at("2026-06-02T12:01"))
    result = report_of(store, "2026-06-01", "2026-06-03")
    assert result.total.visits == sum(row.visits for row in result.rows) == 4
    assert result.total.exits == 2
    assert result.total.mean_age == pytest.approx(88 / 3)


def close(store: Store, end: float) -> None:
    store.close_window(end - 900, end, BANDS, Traffic(), lambda window: None)


def days_of_visits(store: Store) -> None:
    """Two visits a day at noon on 1 to 4 June, in windows."""
    for day in range(1, 5):
        noon = at(f"2026-06-0{day}T12:00")
        store.record([visit(noon, direction="in"), visit(noon + 1)], noon + 2)
        close(store, noon + 900)


def test_a_retention_that_ends_amid_a_window_loses_none_of_its_visits(store: Store):
    noon = at("2026-06-01T12:00")
    for quarter in range(4):
        end = noon + 900 * (quarter + 1)
        # The first is counted late, in the next window, as all are who leave in a window's last seconds.
        store.record([visit(end - 901)] if quarter else [], end - 899)
        store.record([visit(end - 600), visit(end - 60)], end - 50)
        close(store, end)
    keep = parse_settings({"store": {"keep_visits_days": 1}}, "test").store
    for cut in (noon + 1300, noon + 1799, noon + 1801, noon + 3700):
        store.prune(cut + 86400, keep)
        assert report_of(store, "2026-06-01", "2026-06-02").total.visits == 11
    assert store.visits.between(0, 9e9) == []


def test_a_raised_limit_takes_the_gender_of_visits_that_were_stored_before(store: Store):
    store.record([visit(at("2026-06-01T12:00"), 15.0, 0.9)], at("2026-06-01T12:01"))
    settings = parse_settings({"site": {"timezone": "Europe/Paris"}, "census": {"no_gender_below": 18}}, "test")
    result = report_of(store, "2026-06-01", "2026-06-02", settings=settings)
    assert result.total.counts == {("13-17", "unknown"): 1}


def test_days_whose_visits_were_deleted_are_told_from_their_windows(store: Store):
    days_of_visits(store)
    keep = parse_settings({"store": {"keep_visits_days": 2}}, "test").store
    before = report_of(store, "2026-06-01", "2026-06-06")
    store.prune(at("2026-06-05"), keep)
    after = report_of(store, "2026-06-01", "2026-06-06")
    assert len(store.visits.between(0, 9e9)) == 4
    for old, new in zip(before.rows, after.rows, strict=True):
        assert (old.counts, old.entries, old.exits) == (new.counts, new.entries, new.exits)
    assert [row.mean_age for row in after.rows] == [None, None, 30.0, 30.0, None]
    assert after.total.visits == 8
    assert after.total.mean_age is None


def test_a_visit_that_a_later_window_holds_is_not_counted_twice(store: Store):
    midnight = at("2026-06-02")
    store.record([visit(midnight - 1)], midnight + 1)
    close(store, midnight + 900)
    assert report_of(store, "2026-06-01", "2026-06-02").total.visits == 1
    assert report_of(store, "2026-06-02", "2026-06-03").total.visits == 0


def test_shares_of_the_range_are_corrected_from_visits_and_then_from_windows(store: Store):
    days_of_visits(store)
    estimator = ShareEstimator.of(load_bundle("mobile").card, SETTINGS.census)
    start, end = at("2026-06-01"), at("2026-06-06")
    before = report(store, start, end, "day", SETTINGS, estimator)
    store.prune(at("2026-06-05"), parse_settings({"store": {"keep_visits_days": 2}}, "test").store)
    after = report(store, start, end, "day", SETTINGS, estimator)
    assert before.shares == estimator.of_visits([stored.visit for stored in store.visits.between(0, 9e9)] * 2)
    assert after.shares == estimator.of_counts({cell: before.total.counts.get(cell, 0) for cell in before.cells})
    document = json.loads(to_json(after))["shares"]
    assert (document["method"], document["level"]) == (CORRECTED, 0.95)
    assert sum(cell["share"] for cell in document["cells"]) == pytest.approx(1, abs=0.001)


def many_visits(store: Store) -> None:
    """60 visits on 1 June, 40 on 2 June and 80 on 8 June, at lunch, of adults and a few children; all in windows."""
    faces = ((30.0, 0.95), (41.0, 0.1), (27.0, 0.9), (8.0, None), (62.0, 0.2))
    for day, number in (("01", 60), ("02", 40), ("08", 80)):
        noon = at(f"2026-06-{day}T12:00")
        store.record([visit(noon + i, *faces[i % 5]) for i in range(number)], noon + 200)
        close(store, noon + 900)


def likely_report(store: Store, start: str, end: str, by="day", settings=SETTINGS, model="mobile"):
    card = load_bundle(model).card
    return report(store, at(start), at(end), by, settings, ShareEstimator.of(card, settings.census))


def test_likely_shares_of_the_range_and_of_each_row_that_has_enough_visits(store: Store):
    many_visits(store)
    result = likely_report(store, "2026-06-01", "2026-06-09")
    assert [row.likely is not None for row in result.rows] == [True] + [False] * 6 + [True]
    visits = [stored.visit for stored in store.visits.between(0, at("2026-06-02"))]
    assert result.rows[0].likely == ShareEstimator.of(load_bundle("mobile").card, SETTINGS.census).of_visits(visits)
    weeks = likely_report(store, "2026-06-01", "2026-06-15", "week")
    assert [row.likely is not None for row in weeks.rows] == [True, True]
    assert weeks.total.likely == weeks.shares

    document = json.loads(to_json(result))
    told = document["total"]["likely_shares"]
    assert [row["band"] for row in told["bands"]] == list(BANDS.labels)
    assert [row["gender"] for row in told["genders"]] == ["female", "male"]
    assert document["rows"][1]["likely_shares"] is None
    assert set(document["shares"]) == {"method", "interval", "level", "cells"}

    first, second = lines_of(to_csv(result))[:2]
    for row in document["rows"][0]["likely_shares"]["bands"] + document["rows"][0]["likely_shares"]["genders"]:
        name = row.get("band") or row["gender"]
        assert [float(first[f"{name} {value}"]) for value in ("likely share", "low", "high")] == [
            row["share"], row["low"], row["high"],
        ]  # fmt: skip
    assert {value for name, value in second.items() if "likely" in name or name.endswith((" low", " high"))} == {""}


def test_the_page_has_likely_shares_beside_the_counts(store: Store):
    many_visits(store)
    result = likely_report(store, "2026-06-01", "2026-06-09")
    text = to_html(result)
    rows = Page(text).rows
    assert ["Age", "Counted", "Likely share", "Range"] in rows
    found = {row[0]: row[1:] for row in likely_rows(result.total.likely, result.total.counts)}
    assert (found["25-34"][0], found["0-12"][0], found["women"][0]) == ("72 (40 %)", "36 (20 %)", "72 (50 %)")
    assert all([name, *values] in rows for name, values in found.items())
    assert "In 19 of 20 cases the truth lies within the range" in text
    assert text.count("<table") == text.count("<caption") == 4
    assert [row[2] for row in rows if row[:2] == ["25-34", "female"]] == ["72 (40 %)"]


@pytest.mark.parametrize(("number", "enough"), [(49, False), (50, True)])
def test_few_visits_have_no_shares_for_people_but_keep_those_for_programs(store: Store, number: int, enough: bool):
    noon = at("2026-06-01T12:00")
    unclear = [visit(noon + 300 + i, None, None) for i in range(30)]
    store.record([*(visit(noon + i) for i in range(number)), *unclear], noon + 400)
    result = likely_report(store, "2026-06-01", "2026-06-02")
    page, document = to_html(result), json.loads(to_json(result))
    assert ("Too few patrons: 50 visits with an age are needed, and there were 49." in page) is not enough
    assert ("Likely share" in page) is enough
    assert (document["total"]["likely_shares"] is not None) is enough
    assert document["shares"]["method"] == CORRECTED
    assert len(document["shares"]["cells"]) == len(result.cells)


def test_a_report_of_children_says_nothing_of_women_and_men(store: Store):
    noon = at("2026-06-01T12:00")
    store.record([visit(noon + i, 7.0, None) for i in range(60)], noon + 100)
    result = likely_report(store, "2026-06-01", "2026-06-02")
    rows = Page(to_html(result)).rows
    assert "0-12" in [row[0] for row in rows]
    assert not {"women", "men"} & {row[0] for row in rows}
    assert lines_of(to_csv(result))[0]["female likely share"] == ""


def test_where_the_errors_are_not_known_the_page_says_so(store: Store):
    many_visits(store)
    assert "This model’s card does not say how often it errs" in to_html(report_of(store, "2026-06-01", "2026-06-09"))
    store.prune(at("2026-06-20"), parse_settings({"store": {"keep_visits_days": 1}}, "test").store)
    assert likely_report(store, "2026-06-01", "2026-06-09").total.likely is not None, "from the windows"
    other = parse_settings({"site": {"timezone": "Europe/Paris"}, "census": {"bands": [0, 18, 40]}}, "test")
    page = to_html(likely_report(store, "2026-06-01", "2026-06-09", settings=other))
    assert "Some visits were counted with other settings of the age bands" in page
    assert "Likely share" not in page


def test_cells_of_former_settings_are_told_too(store: Store):
    days_of_visits(store)
    store.prune(at("2026-06-10"), parse_settings({"store": {"keep_visits_days": 1}}, "test").store)
    settings = parse_settings({"site": {"timezone": "Europe/Paris"}, "census": {"bands": [0, 50]}}, "test")
    result = report_of(store, "2026-06-01", "2026-06-06", settings=settings)
    assert ("25-34", "female") in result.cells
    assert result.total.counts == {("25-34", "female"): 8}
    assert "25-34" in to_html(result)


def lines_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_line_a_row_and_a_column_a_cell(store: Store):
    three_visits(store)
    lines = lines_of(to_csv(report_of(store, "2026-06-01", "2026-06-03")))
    assert list(lines[0])[: len(FIELDS)] == list(FIELDS)
    assert len(lines[0]) == len(FIELDS) + 16 + 3 * (len(BANDS.labels) + 2)
    assert list(lines[0])[len(FIELDS)] == "0-12 unknown", "what was there before shares keeps its place"
    assert lines[0]["start"] == "2026-06-01T00:00:00+02:00"
    assert (lines[0]["visits"], lines[0]["mean_apparent_age"], lines[0]["25-34 female"]) == ("3", "40.0", "1")
    assert (lines[1]["visits"], lines[1]["mean_apparent_age"], lines[1]["25-34 female"]) == ("0", "", "0")


def test_json_has_the_numbers_of_the_csv(store: Store):
    three_visits(store)
    result = report_of(store, "2026-06-01", "2026-06-03")
    document = json.loads(to_json(result))
    assert (document["source"], document["by"], document["total"]["visits"]) == ("maitred/restaurant/door", "day", 3)
    for row, line in zip(document["rows"], lines_of(to_csv(result)), strict=True):
        flat = {name: row[name] for name in FIELDS}
        flat |= {f"{c['band']} {c['gender']}": c["count"] for c in row["counts"]}
        counted = {name: text for name, text in line.items() if name in flat}
        assert {name: "" if value is None else str(value) for name, value in flat.items()} == counted


class Page(HTMLParser):
    """Text of cells by row, tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._in_cell:
            self.rows[-1][-1] += data.strip()


def test_the_page_shows_the_numbers(store: Store):
    three_visits(store)
    rows = Page(to_html(report_of(store, "2026-06-01", "2026-06-03"))).rows
    assert ["25-34", "1", "0", "–", "1"] in rows
    assert ["all", "1", "1", "1", "3"] in rows
    assert ["Mon 2026-06-01", "3", "", "2", "1", "1", "1", "1", "1", "40", "4.0 s"] in rows
    assert ["Tue 2026-06-02", "0", "", "0", "0", "1", "0", "0", "0", "–", "–"] in rows


@pytest.mark.parametrize("by", ["hour", "day", "week"])
def test_the_page_needs_nothing_else_and_can_be_read_aloud(store: Store, by):
    three_visits(store)
    text = to_html(report_of(store, "2026-06-01", "2026-06-03", by))
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert not re.search(r"https?:|url\(|@import", text)
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("table") == tags.count("caption") == 2
    assert {"title", "main", "h1"} <= set(tags)
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")
