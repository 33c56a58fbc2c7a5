"""From the path of a track to a direction, the time in the zone, and whether it is staff."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from edge.cameras import open_camera
from edge.cli import main
from edge.config import Settings, parse_settings
from edge.config.entrance import Entrance
from edge.counting.heatmap import COLUMNS, ROWS, Heatmap
from edge.counting.line_crossing import CrossingDetector, Passage
from edge.counting.staff import is_within, without_staff
from edge.counting.visit import Visit
from edge.demo import CLIP
from tests.faces import face

SIZE = (1000, 500)
FACE = 40.0
"""Size of a face in pixels. It has clearly crossed when it is 10 pixels beyond the line, a quarter of its size."""
STEP_S = 0.1

ACROSS = Entrance(line=((0.1, 0.5), (0.9, 0.5)), inside="below")
"""From x = 100 to 900 at y = 250; inside is below."""
DOOR = Entrance(zone=((0.4, 0.4), (0.6, 0.4), (0.6, 1), (0.4, 1)))
"""From x = 400 to 600, y = 200 to the frame's lower edge at 500."""


def walk(entrance: Entrance, *places: tuple[float, float], size: float = FACE, pace: float = 10.0) -> Passage:
    """The passage of a face that goes straight from place to place, ``pace`` pixels every STEP_S seconds."""
    way = [places[0]]
    for (x1, y1), (x2, y2) in pairwise(places):
        steps = max(round(float(np.hypot(x2 - x1, y2 - y1)) / pace), 1)
        way += [(x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps) for n in range(1, steps + 1)]
    return seen(entrance, way, size)


def seen(entrance: Entrance, places: Iterable[tuple[float, float]], size: float = FACE) -> Passage:
    """The passage of a face that is seen only at these places, one every STEP_S seconds."""
    crossings = CrossingDetector(entrance)
    for index, place in enumerate(places):
        crossings.observe(7, face(*place, size), index * STEP_S, SIZE)
    return crossings.end(7)


@dataclass(frozen=True)
class Walk:
    """The corners of a path, and its direction."""

    places: list[tuple[float, float]]
    direction: str | None
    size: float = FACE
    pace: float = 10.0


WALKS = [
    pytest.param(Walk([(500, 50), (500, 150)], None), id="approach without crossing"),
    pytest.param(Walk([(500, 50), (500, 240)], "in"), id="approach, and vanish while walking"),
    pytest.param(Walk([(500, 200), (500, 240)], None, pace=2), id="approach and come to a stop"),
    pytest.param(Walk([(500, 50), (500, 240), (500, 60)], None), id="approach and turn back"),
    pytest.param(Walk([(500, 50), (500, 450)], "in"), id="cross in"),
    pytest.param(Walk([(500, 450), (500, 50)], "out"), id="cross out"),
    pytest.param(Walk([(500, 50), (500, 400), (600, 400), (600, 50)], None), id="U-turn from outside"),
    pytest.param(Walk([(500, 450), (500, 100), (600, 100), (600, 450)], None), id="U-turn from inside"),
    pytest.param(Walk([(500, 50), (500, 400), (600, 100), (700, 400)], "in"), id="in, out and in again"),
    pytest.param(Walk([(500, 50), (500, 450)], "in", pace=400), id="fast, across between two frames"),
    pytest.param(Walk([(500, 450), (500, 50)], "out", pace=400), id="fast and outwards"),
    pytest.param(Walk([(150, 60), (850, 440)], "in"), id="diagonal"),
    pytest.param(Walk([(850, 440), (150, 60)], "out", pace=300), id="diagonal and fast"),
    pytest.param(Walk([(50, 100), (950, 100)], None), id="along the line, before it"),
    pytest.param(Walk([(120, 245), (880, 245)], None), id="along the line, within its band"),
    pytest.param(Walk([(120, 250), (880, 250)], None), id="along the line, on it"),
    pytest.param(Walk([(950, 50), (950, 450)], None), id="around the line's end"),
    pytest.param(Walk([(50, 450), (50, 50)], None), id="around the other end, outwards"),
    pytest.param(Walk([(950, 50), (950, 450), (500, 450), (500, 50)], "out"), id="around the end and out across it"),
    pytest.param(Walk([(500, 50), (500, 450), (950, 450), (950, 50)], "in"), id="in across it and around the end"),
    pytest.param(Walk([(890, 50), (890, 450)], "in"), id="just within the end"),
    pytest.param(Walk([(910, 50), (910, 450)], None), id="just beyond the end"),
    pytest.param(Walk([(500, 250), (500, 450)], "in"), id="born on the line, walks in"),
    pytest.param(Walk([(500, 250), (500, 50)], "out"), id="born on the line, walks out"),
    pytest.param(Walk([(500, 250), (500, 290)], None, pace=2), id="born on the line, turns inwards"),
    pytest.param(Walk([(500, 245), (500, 450), (500, 50)], "out"), id="born on the line, goes in and then out"),
    pytest.param(Walk([(500, 50), (500, 255)], "in"), id="walks, lost on the line"),
    pytest.param(Walk([(500, 225), (500, 255)], None, pace=2), id="stands, lost on the line"),
    pytest.param(Walk([(500, 235), (500, 265)], "in"), id="born and lost near it, seen on both sides"),
    pytest.param(Walk([(500, 50), (500, 270)], None, size=120), id="a near face, hardly across"),
    pytest.param(Walk([(500, 50), (500, 258)], "in", size=24), id="a far face, as many pixels are enough"),
    pytest.param(Walk([(500, 50)], None), id="a single detection"),
]


@pytest.mark.parametrize("case", WALKS)
def test_a_walk_gets_the_direction_of_its_crossing(case: Walk):
    assert walk(ACROSS, *case.places, size=case.size, pace=case.pace).direction == case.direction


@pytest.mark.parametrize("case", WALKS)
@pytest.mark.parametrize("inside", ["above", "left", "right"])
def test_the_same_walk_has_the_same_direction_whichever_side_is_inside(case: Walk, inside: str):
    """The scene is turned upside down, and on its side (in a square frame, so that distances stay the same)."""
    turn = {
        "above": lambda x, y: (1 - x, 1 - y),
        "left": lambda x, y: (1 - y, x),
        "right": lambda x, y: (y, 1 - x),
    }[inside]
    line = tuple(turn(x / 1000, y / 1000) for x, y in ((100, 250), (900, 250)))
    crossings = CrossingDetector(Entrance(line=line[::-1], inside=inside))
    way = [case.places[0]]
    for (x1, y1), (x2, y2) in pairwise(case.places):
        steps = max(round(float(np.hypot(x2 - x1, y2 - y1)) / case.pace), 1)
        way += [(x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps) for n in range(1, steps + 1)]
    for index, (x, y) in enumerate(way):
        at_x, at_y = turn(x / 1000, y / 1000)
        crossings.observe(1, face(1000 * at_x, 1000 * at_y, case.size), index * STEP_S, (1000, 1000))

    assert crossings.end(1).direction == case.direction


def test_jitter_on_the_line_is_no_crossing():
    rng = np.random.default_rng(5)
    # Stands on the line for half a minute; the detector's boxes tremble by a twentieth of the face.
    places = [(500 + x, 250 + y) for x, y in rng.normal(0, FACE / 20, (300, 2))]

    assert sum(a[1] < 250 <= b[1] for a, b in pairwise(places)) > 20
    assert seen(ACROSS, places).direction is None


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [pytest.param(100, 400, "in", id="then goes in"), pytest.param(100, 90, None, id="then goes back")],
)
def test_a_face_that_trembles_on_the_line_and_goes_on_has_crossed_once(before, after, direction):
    rng = np.random.default_rng(6)
    waits = [(500.0, 250 + float(y)) for y in rng.normal(0, FACE / 20, 100)]

    assert seen(ACROSS, [(500, before), *waits, (500, after)]).direction == direction


def test_without_hysteresis_every_pass_counts():
    plain = Entrance(line=ACROSS.line, inside="below", hysteresis=0)

    assert seen(plain, [(500, 249), (500, 250)]).direction == "in"
    assert seen(plain, [(500, 250), (500, 249)]).direction == "out"


def test_nobody_can_walk_around_a_line_that_reaches_beyond_the_frame():
    wide = Entrance(line=((-0.5, 0.5), (1.5, 0.5)), inside="below")

    assert walk(wide, (2, 50), (2, 450)).direction == "in"


def test_without_line_and_zone_there_is_no_direction():
    assert walk(Entrance(), (500, 50), (500, 450)) == Passage(None, None, False, (0.5, 0.1), (0.5, 0.9))


@dataclass(frozen=True)
class InZone:
    """The corners of a path, its direction, and its seconds in the zone."""

    places: list[tuple[float, float]]
    direction: str | None
    zone_s: float


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(InZone([(500, 50), (500, 400)], "in", 2.0), id="enters"),
        pytest.param(InZone([(500, 400), (500, 50)], "out", 2.0), id="leaves"),
        pytest.param(InZone([(450, 300), (550, 300)], None, 1.0), id="stays within"),
        pytest.param(InZone([(100, 300), (380, 300)], None, 0.0), id="passes beside"),
        pytest.param(InZone([(300, 300), (700, 300)], None, 2.0), id="passes through"),
        pytest.param(InZone([(500, 50), (500, 300), (500, 50)], None, 2.0), id="looks in and leaves"),
        pytest.param(InZone([(500, 50), (500, 205)], None, 0.05), id="lost on the edge"),
        pytest.param(InZone([(500, 400), (500, 490)], None, 0.9), id="leaves the frame where the zone ends with it"),
    ],
)
def test_a_walk_into_or_out_of_a_zone_has_a_direction_and_time_in_it(case: InZone):
    passage = walk(DOOR, *case.places)

    assert passage.direction == case.direction
    assert passage.zone_s == pytest.approx(case.zone_s, abs=1.1 * STEP_S)  # half a step at each edge


def test_jitter_on_the_edge_of_a_zone_is_no_crossing():
    rng = np.random.default_rng(7)

    assert seen(DOOR, [(500.0, 200 + float(y)) for y in rng.normal(0, FACE / 20, 300)]).direction is None


def test_half_the_time_of_a_step_over_the_edge_counts_as_in_the_zone():
    assert seen(DOOR, [(500, 100), (500, 400), (500, 410)]).zone_s == pytest.approx(1.5 * STEP_S)


COUNTER = Entrance(line=ACROSS.line, staff_zone=((0, 0), (0.3, 0), (0.3, 1), (0, 1)))
"""The counter: x = 0 to 300, over the whole height."""


@pytest.mark.parametrize(
    ("places", "staff"),
    [
        pytest.param([(100, 50), (900, 50)], True, id="begins behind the counter"),
        pytest.param([(100, 50), (100, 450)], True, id="stays behind the counter, and crosses the line"),
        pytest.param([(320, 50), (20, 50), (320, 50)], True, id="mostly behind the counter"),
        pytest.param([(900, 50), (200, 50)], False, id="comes up to the counter at last"),
        pytest.param([(400, 50), (200, 50), (600, 450)], False, id="less than half of the time there"),
        pytest.param([(500, 50), (500, 450)], False, id="never there"),
    ],
)
def test_staff_are_people_who_start_or_mostly_stay_in_the_staff_zone(places: list[tuple[float, float]], staff: bool):
    assert walk(COUNTER, *places).staff == staff


PARIS = ZoneInfo("Europe/Paris")


def staffed(*hours: str) -> Settings:
    return parse_settings({"site": {"timezone": "Europe/Paris"}, "entrance": {"staff_hours": list(hours)}}, "test")


@pytest.mark.parametrize(
    ("hours", "at", "staff"),
    [
        pytest.param(["08:00-11:30"], "2026-05-12T08:00+02:00", True, id="at the begin"),
        pytest.param(["08:00-11:30"], "2026-05-12T11:29:59+02:00", True, id="just before the end"),
        pytest.param(["08:00-11:30"], "2026-05-12T11:30+02:00", False, id="at the end"),
        pytest.param(["08:00-11:30"], "2026-05-12T07:59:59+02:00", False, id="just before the begin"),
        pytest.param([], "2026-05-12T09:00+02:00", False, id="no hours"),
        pytest.param(["08:00-09:00", "15:00-17:00"], "2026-05-12T16:00+02:00", True, id="second interval"),
        pytest.param(["23:00-02:00"], "2026-05-12T23:30+02:00", True, id="over midnight, before it"),
        pytest.param(["23:00-02:00"], "2026-05-13T01:59+02:00", True, id="over midnight, after it"),
        pytest.param(["23:00-02:00"], "2026-05-13T12:00+02:00", False, id="over midnight, at noon"),
        pytest.param(["08:00-11:30"], "2026-01-12T08:00+01:00", True, id="winter: by the local clock"),
        pytest.param(["08:00-11:30"], "2026-01-12T07:30+01:00", False, id="winter: not by that of summer"),
        pytest.param(["02:00-03:00"], "2026-03-29T01:59:59+01:00", False, id="before the hour that spring skips"),
        pytest.param(["02:00-03:00"], "2026-03-29T03:00+02:00", False, id="after the hour that spring skips"),
        pytest.param(["01:30-03:30"], "2026-03-29T03:15+02:00", True, id="around the hour that spring skips"),
        pytest.param(["02:00-03:00"], "2026-10-25T02:30+02:00", True, id="autumn: the hour, first time"),
        pytest.param(["02:00-03:00"], "2026-10-25T02:30+01:00", True, id="autumn: the hour, second time"),
        pytest.param(["02:00-02:30"], "2026-10-25T02:45+02:00", False, id="autumn: between the two"),
        pytest.param(["02:00-03:00"], "2026-10-25T03:00+01:00", False, id="autumn: after the second time"),
    ],
)
def test_staff_are_people_who_come_during_staff_hours(hours: list[str], at: str, staff: bool):
    moment = datetime.fromisoformat(at).timestamp()
    visit = Visit(moment, moment + 9000, 12, 34.0, (28.0, 41.0), 0.8, "in", 3.0)

    settings = staffed(*hours)
    stored = without_staff(visit, settings.entrance, settings.site.zone)

    # Of staff, only the times and the number of frames are stored.
    assert stored == (Visit(moment, moment + 9000, 12, excluded=True) if staff else visit)


def test_without_a_time_zone_staff_hours_are_in_the_systems_time():
    intervals = staffed("08:00-11:30").entrance.staff_intervals

    assert is_within(datetime(2026, 5, 12, 9).timestamp(), intervals, None)
    assert not is_within(datetime(2026, 5, 12, 12).timestamp(), intervals, None)


def test_two_tracks_do_not_disturb_each_other_and_nothing_outlives_its_track():
    crossings = CrossingDetector(ACROSS)
    for index in range(41):
        crossings.observe(1, face(400, 50 + 10 * index), index * STEP_S, SIZE)
        crossings.observe(2, face(600, 450 - 10 * index), index * STEP_S, SIZE)

    assert (crossings.end(1).direction, crossings.end(2).direction) == ("in", "out")
    assert crossings._paths == {}


def test_the_heatmap_counts_where_visits_begin_and_end():
    heatmap = Heatmap()
    heatmap.add((0.01, 0.01), (0.99, 0.99))
    heatmap.add((-0.2, 0.0), (1.3, 1.0))  # the centre of a face that is half out of the frame

    assert (heatmap.began[0], heatmap.ended[COLUMNS * ROWS - 1]) == (2, 2)
    assert sum(heatmap.began) == sum(heatmap.ended) == heatmap.visits == 2


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the demo's left part: the first patron comes through the door and leaves on the left."""
    path = tmp_path_factory.mktemp("clip") / "patron.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (520, 540))
    with open_camera(str(CLIP)) as camera:
        for frame in camera:
            if frame.index > 101:
                break
            if frame.index >= 65:
                writer.write(frame.image[:, :520])
    writer.release()
    return path


DOORWAY = [[0.75, 0.2], [1, 0.2], [1, 0.6], [0.75, 0.6]]
"""Around the place where the patron's face is first seen."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entrance", "direction"),
    [
        pytest.param({"line": [[0.5, 0.1], [0.5, 0.9]], "inside": "left"}, "in", id="inside is on the left"),
        pytest.param({"line": [[0.5, 0.1], [0.5, 0.9]], "inside": "right"}, "out", id="inside is on the right"),
        pytest.param({"line": [[0.1, 0.6], [0.1, 0.9]], "inside": "left"}, None, id="a line elsewhere"),
        pytest.param({"zone": DOORWAY}, "out", id="out of a zone"),
        pytest.param({"line": [[0.5, 0.1], [0.5, 0.9]], "inside": "left", "staff_zone": DOORWAY}, None, id="staff"),
    ],
)
def test_count_prints_direction_time_in_the_zone_and_excluded_visits(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], entrance: dict[str, object], direction: str | None
):
    config = tmp_path / "maitred.toml"
    config.write_text("[entrance]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entrance.items()))

    assert main(["count", str(clip), "--config", str(config), "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    census = document["census"]
    if "staff_zone" in entrance:
        assert (document["visits"], census["visits"], census["excluded"]) == ([], 0, 1)
        return
    (visit,) = document["visits"]
    assert visit["direction"] == direction
    assert (census["entries"], census["exits"], census["excluded"]) == (direction == "in", direction == "out", 0)
    if "zone" in entrance:
        assert 0.2 < visit["zone_s"] < visit["dwell_s"] - 0.2
    else:
        assert visit["zone_s"] is None
