"""maitred behaves as when ``results.json`` was recorded, but for ``meant_changes.py``; ``record.py`` says how."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.recorded import record
from tests.recorded.command_line import HERE, NotHere
from tests.recorded.differences import differences, without_what_hangs_on_pixels
from tests.recorded.meant_changes import GONE, MEANT, expected

RECORDED: dict[str, Any] = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
SAME_MACHINE = RECORDED["recorded with"]["machine"] == record.where()["machine"]
FROM_VIDEO = ("demo", "demo clip", "shared clips", "long shared clip", "faces of the demo")

Compare = Callable[..., None]


@pytest.fixture(scope="module")
def compare() -> Compare:
    """Holds a group, or one part of it, against what was recorded; what is made together is made once."""
    made: dict[str, dict[str, Any]] = {}

    def compare_with_recorded(group: str, *parts: str) -> None:
        if group not in made:
            try:
                made[group] = record.present(group)
            except NotHere as error:
                pytest.skip(str(error))
        recorded, present = expected(RECORDED[group], MEANT.get(group, {})), made[group]
        if parts:
            recorded, present = ({part: document[part] for part in parts} for document in (recorded, present))
        if group in FROM_VIDEO and not SAME_MACHINE:
            recorded, present = without_what_hangs_on_pixels(recorded), without_what_hangs_on_pixels(present)
        found = differences(recorded, present, exact=SAME_MACHINE)
        assert not found, "\n".join(["not as recorded, and not listed in meant_changes.py:", *found[:40]])

    return compare_with_recorded


def test_the_shipped_models_are_the_same_byte_for_byte(compare: Compare):
    compare("bundles")


@pytest.mark.slow
def test_the_demo_counts_the_same_visits(compare: Compare):
    compare("demo")


@pytest.mark.slow
def test_the_demo_clip_without_an_entrance_gives_the_same_visits(compare: Compare):
    compare("demo clip")


@pytest.mark.slow
def test_the_short_shared_clips_give_the_same_visits(compare: Compare):
    compare("shared clips")


@pytest.mark.slow
def test_the_long_shared_clip_gives_the_same_visits(compare: Compare):
    compare("long shared clip")


@pytest.mark.slow
def test_every_model_says_the_same_about_faces_of_the_demo(compare: Compare):
    compare("faces of the demo")


@pytest.mark.slow
def test_every_model_says_the_same_about_generated_portraits(compare: Compare):
    compare("faces of portraits")


@pytest.mark.slow
def test_the_agent_posts_the_same_events(compare: Compare):
    compare("posted")


@pytest.mark.slow
def test_home_assistant_is_told_the_same(compare: Compare):
    compare("published")


def test_settings_have_the_same_names_and_defaults(compare: Compare):
    compare("settings", "default")


def test_the_configuration_of_the_last_release_is_read_the_same(compare: Compare):
    compare("settings", "of the last release")


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["/api/v1/today", "/api/v1/visits", "/api/v1/history", "/api/v1/health", "/healthz"])
def test_the_dashboard_answers_programs_the_same(compare: Compare, answer: str):
    compare("dashboard", answer)


@pytest.mark.slow
def test_prometheus_reads_the_same_metrics(compare: Compare):
    compare("dashboard", "/metrics")


def test_metrics_are_explained_in_the_same_words(compare: Compare):
    compare("dashboard", "words of the metrics")


def test_closed_windows_are_exported_the_same(compare: Compare):
    compare("dashboard", "/export.csv")


def test_the_pages_show_the_same_figures(compare: Compare):
    compare("dashboard", "figures of the pages", "tables of May 11")


def test_the_pages_say_the_same_words(compare: Compare):
    compare("dashboard", "words of the pages")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv by day", "csv by hour", "json by week", "json by day", "html tables"])
def test_a_report_has_the_same_numbers(compare: Compare, form: str):
    compare("reports", form)


@pytest.mark.slow
def test_the_printed_report_says_the_same_words(compare: Compare):
    compare("reports", "html words")


def test_no_part_that_was_recorded_is_left_out_and_no_new_one():
    assert [name for name in RECORDED if name != "recorded with"] == list(record.GROUPS)


@pytest.mark.parametrize(
    ("present", "named"),
    [
        pytest.param(
            {"visits": [{"age": 34.8}], "frames": 600}, ["/visits/0/age was 34.9, is 34.8"], id="another value"
        ),
        pytest.param({"visits": [{"age": 34.9}]}, ["/frames is not there any more"], id="lost"),
        pytest.param({"visits": [{"age": 34.9, "id": 1}], "frames": 600}, ["/visits/0/id is new"], id="new"),
        pytest.param({"visits": [], "frames": 600}, ["/visits: there were 1, there are 0"], id="fewer"),
        pytest.param({"visits": [{"age": 34.9}], "frames": 600.0}, ["/frames was 600, is 600.0"], id="another type"),
        pytest.param({"visits": [{"age": None}], "frames": 600}, ["/visits/0/age was 34.9, is None"], id="withheld"),
    ],
)
def test_a_difference_is_named(present: dict[str, Any], named: list[str]):
    assert differences({"visits": [{"age": 34.9}], "frames": 600}, present) == named


@pytest.mark.parametrize(
    ("recorded", "present", "same"),
    [
        (34.9, 35.0, True),
        (34.9, 35.1, False),
        (37.4279036637949, 37.4279040, True),
        (37.4279036637949, 37.4279136, False),
        (600, 601, False),
        ("18-29,0.0749,21", "18-29,0.0748,21", True),
        ("18-29,0.0749,21", "18-29,0.0749,22", False),
        ("18-29,0.0749,21", "18-29,0.0731,21", False),
        (34.9, None, False),
    ],
)
def test_on_another_processor_only_the_last_digit_may_differ(recorded: object, present: object, same: bool):
    assert (not differences(recorded, present, exact=False)) is same


def test_a_change_that_is_meant_is_put_in_the_place_of_what_was_recorded():
    recorded = {"visits": [{"age": 34.9, "id": 1}], "frames": 600}

    changes = {("visits", 0, "age"): 35.0, ("visits", 0, "id"): GONE, ("visits", 0, "gender"): None}

    assert expected(recorded, changes) == {"visits": [{"age": 35.0, "gender": None}], "frames": 600}
    assert recorded["visits"] == [{"age": 34.9, "id": 1}]


def test_a_change_that_changes_nothing_is_refused():
    with pytest.raises(ValueError, match="600 was recorded"):
        expected({"frames": 600}, {("frames",): 600})


def test_only_what_is_recorded_can_be_meant_to_change():
    assert MEANT.keys() <= RECORDED.keys()


def test_a_recording_is_written_as_it_is_read(tmp_path: Path):
    assert json.loads(record.as_text(RECORDED)) == RECORDED
    assert max(map(len, record.as_text({"a": list(range(100)), "b": {"c": ["d" * 50] * 4}}).splitlines())) <= 120
