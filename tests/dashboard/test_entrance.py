"""What the dashboard tells of the entrance: who is inside, who is staff, and whether the line is in the right place."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from edge.config.entrance import Entrance
from edge.counting.heatmap import Heatmap
from edge.counting.visit import Visit
from edge.dashboard.entrance_drawing import entrance_drawing
from edge.store import Store

from .conftest import NOON, a_heartbeat, a_visit, metrics_of, paris
from .test_pages import text_of

SVG = "{http://www.w3.org/2000/svg}"
At = Callable[[float], FlaskClient]


def crossing(moment: str, direction: str) -> Visit:
    return dataclasses.replace(a_visit(paris(moment)), direction=direction)


@pytest.fixture
def evening(store: Store) -> Store:
    """Three came in the evening before, two since 4:00, of whom one left; two visits were of staff."""
    store.heartbeat.write(a_heartbeat(NOON - 1))
    moments = [("2026-05-11 22:00", "in")] * 3 + [("2026-05-12 03:50", "out")] + [("2026-05-12 09:00", "in")] * 2
    store.record([crossing(*each) for each in [*moments, ("2026-05-12 11:00", "out")]], NOON)
    store.record([Visit(paris("2026-05-12 08:00"), paris("2026-05-12 08:01"), 9, excluded=True)] * 2, NOON)
    return store


def test_today_shows_who_is_inside_and_how_many_were_staff(at_the_door: At, evening: Store):
    page = text_of(at_the_door(NOON).get("/").text)

    assert "Inside 1 people who came in, less those who went out, since 04:00" in page
    assert "Patrons so far 4 visits, not unique people 2 came in, 2 went out 2 visits of staff not counted" in page
    assert "11:00 30 (24–37) female out 6 s 09:00 30 (24–37) female in 6 s" in page


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        pytest.param("2026-05-11 23:00", 3, id="before-midnight"),
        pytest.param("2026-05-12 03:49", 3, id="after-midnight"),
        pytest.param("2026-05-12 03:59", 2, id="just-before-the-reset"),
        pytest.param("2026-05-12 04:00", 0, id="at-the-reset"),
        pytest.param("2026-05-12 10:00", 2, id="two-came"),
        pytest.param("2026-05-12 11:30", 1, id="one-left"),
    ],
)
def test_the_occupancy_comes_from_the_store_alone(at_the_door: At, evening: Store, moment: str, inside: int):
    """No agent runs, and the dashboard has just been started: nothing that was in memory is left."""
    answer = at_the_door(paris(moment))

    assert answer.get("/api/v1/today").json["occupancy"]["inside"] == inside
    assert metrics_of(answer)["maitred_occupancy"] == inside


def test_programs_are_told_crossings_and_excluded_visits(at_the_door: At, evening: Store):
    today = at_the_door(NOON).get("/api/v1/today").json
    metrics = metrics_of(at_the_door(NOON))

    assert today["occupancy"] == {"since": paris("2026-05-12 04:00"), "entries": 2, "exits": 1, "inside": 1}
    assert (today["day"]["visits"], today["day"]["entries"], today["day"]["exits"]) == (4, 2, 2)
    assert today["day"]["excluded"] == 2
    assert metrics["maitred_crossings_today direction=in"] == metrics["maitred_crossings_today direction=out"] == 2
    assert metrics["maitred_excluded_visits_today"] == 2
    assert len(at_the_door(NOON).get("/api/v1/visits").json["visits"]) == 7


def test_an_occupancy_that_cannot_be_right_is_not_told(at_the_door: At, store: Store):
    store.record([crossing("2026-05-12 11:00", "in")] * 20, NOON)
    client = at_the_door(NOON)

    assert "Inside – not known: 20 came in since 04:00, and nobody was seen leaving" in text_of(client.get("/").text)
    assert client.get("/api/v1/today").json["occupancy"]["inside"] is None
    assert "maitred_occupancy" not in client.get("/metrics").text


def test_without_a_line_nothing_is_said_of_who_is_inside(client: FlaskClient, lunch: Store):
    assert "Inside" not in text_of(client.get("/").text)
    assert "Direction" not in text_of(client.get("/").text)
    assert client.get("/api/v1/today").json["occupancy"] is None
    assert "maitred_occupancy" not in client.get("/metrics").text
    assert "No line or zone is drawn: visits have no direction." in text_of(client.get("/device").text)


def test_the_device_page_warns_of_a_line_that_nobody_crosses(at_the_door: At, store: Store):
    drawn = Entrance(line=((0.1, 0.6), (0.9, 0.6)))
    store.entrance.note_drawing(drawn, paris("2026-05-12 08:00"))
    store.record([a_visit(paris("2026-05-12 11:00"))] * 20, NOON)
    client = at_the_door(NOON)

    assert "None of the last 20 visits crossed the line. Move the line" in text_of(client.get("/device").text)
    assert client.get("/api/v1/health").json["entrance"]["verdict"] == "warning"

    store.record([crossing("2026-05-12 11:30", "in")], NOON)

    assert "Of the last 20 visits 1 came in and 0 went out." in text_of(client.get("/device").text)
    assert client.get("/api/v1/health").json["entrance"]["verdict"] == "ok"


def nodes(document: bytes, tag: str, kind: str) -> list[dict[str, str]]:
    found = ElementTree.fromstring(document).iter(f"{SVG}{tag}")
    return [dict(node.attrib) for node in found if node.get("class") == kind]


def test_the_drawing_shows_where_faces_appear_and_disappear(at_the_door: At, store: Store):
    heatmap = Heatmap(640, 480)
    for _ in range(4):
        heatmap.add((0.51, 0.1), (0.51, 0.9))
    heatmap.add((0.99, 0.1), (0.01, 0.9))
    store.entrance.write_heatmap(heatmap, NOON)
    client = at_the_door(NOON)

    document = client.get("/charts/entrance.svg").data

    (often, once), ended = nodes(document, "circle", "began"), nodes(document, "circle", "ended")
    # The area is as the count; rows from above, columns from the left.
    assert float(often["r"]) == pytest.approx(2 * float(once["r"]), abs=0.1)
    assert float(often["cx"]) < float(once["cx"])
    assert often["cy"] == once["cy"]
    assert [float(each["cy"]) > float(once["cy"]) for each in ended] == [True, True]
    assert len(nodes(document, "path", "line")) == len(nodes(document, "polygon", "staff")) == 1
    assert "5 visits since the agent started" in text_of(client.get("/device").text)


@pytest.mark.parametrize(
    ("line", "inside", "tip"),
    [
        pytest.param(((0, 0.5), (1, 0.5)), "below", (0, 1), id="below"),
        pytest.param(((1, 0.5), (0, 0.5)), "below", (0, 1), id="below-drawn-the-other-way"),
        pytest.param(((0, 0.5), (1, 0.5)), "above", (0, -1), id="above"),
        pytest.param(((0.5, 0), (0.5, 1)), "left", (-1, 0), id="left"),
        pytest.param(((0.5, 0), (0.5, 1)), "right", (1, 0), id="right"),
    ],
)
def test_the_arrow_of_the_drawing_points_inside(line, inside: str, tip: tuple[int, int]):
    (arrow,) = nodes(entrance_drawing(Entrance(line=line, inside=inside), Heatmap()), "polygon", "arrow")
    first, second, point = ([float(value) for value in pair.split(",")] for pair in arrow["points"].split())
    middle = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2

    assert (point[0] - middle[0], point[1] - middle[1]) == pytest.approx((22 * tip[0], 22 * tip[1]))
