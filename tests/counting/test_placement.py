"""A line or zone that nobody can cross is noticed from its drawing alone."""

from __future__ import annotations

import pytest

from edge.config.entrance import Entrance
from edge.counting.placement import check_placement


def line(x1: float, y1: float, x2: float, y2: float, inside: str = "below") -> Entrance:
    return Entrance(line=((x1, y1), (x2, y2)), inside=inside)


@pytest.mark.parametrize(
    ("entrance", "reason"),
    [
        pytest.param(line(0.1, 0.5, 0.9, 0.5), None, id="across the frame"),
        pytest.param(line(-1, 0.5, 2, 0.5), None, id="over both edges"),
        pytest.param(line(0.2, 0.1, 0.5, 0.9, "left"), None, id="slanted"),
        pytest.param(line(0.1, 1.2, 0.9, 1.2), "outside of the frame", id="below the frame"),
        pytest.param(line(-0.5, 0.4, 0.4, -0.5, "above"), "outside of the frame", id="past a corner"),
        pytest.param(line(0.5, 0.5, 0.55, 0.5), "too short", id="short"),
        pytest.param(line(0.95, 0.5, 2, 0.5), "hardly any", id="a bit of it within"),
        pytest.param(line(0, 0.98, 1, 0.98), "along the lower edge", id="along the lower edge"),
        pytest.param(line(0, 0.0, 1, 0.03), "along the upper edge", id="along the upper edge"),
        pytest.param(line(0.02, 0, 0.02, 1, "left"), "along the left edge", id="along the left edge"),
        pytest.param(line(1, 0, 1, 1, "left"), "along the right edge", id="along the right edge"),
        pytest.param(line(0, 0.99, 1, 0.5), None, id="from a corner"),
        pytest.param(Entrance(zone=((0.3, 0.3), (0.7, 0.3), (0.7, 1), (0.3, 1))), None, id="zone"),
        pytest.param(Entrance(zone=((0.3, 0.3), (0.35, 0.3), (0.35, 0.4))), "hardly anything", id="tiny zone"),
        pytest.param(Entrance(zone=((1.1, 0), (2, 0), (2, 1))), "hardly anything", id="zone outside of the frame"),
        pytest.param(Entrance(zone=((0, 0), (1, 0), (1, 1), (0, 1))), "the whole frame", id="zone as the frame"),
    ],
)
def test_a_line_or_zone_that_nobody_can_cross_is_a_warning_with_a_way_out(entrance: Entrance, reason: str | None):
    check = check_placement(entrance, [])

    assert (check.verdict == "warning") == (reason is not None)
    if reason:
        assert reason in check.found
        assert "docs/entrance.md" in check.way_out


def test_without_a_line_or_zone_there_is_no_warning():
    assert check_placement(Entrance(), [None] * 100).verdict == "ok"
