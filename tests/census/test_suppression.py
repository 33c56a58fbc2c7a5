"""Small-cell suppression is safe from a reader who knows the rule and everything that is disclosed."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest

from edge.census.age_bands import AgeBands
from edge.census.shares.estimator import ShareEstimator
from edge.census.suppression import NOT_ESTIMATED, Disclosed, disclose, possible_cells
from edge.census.window import Window

CELLS = possible_cells(AgeBands((0, 13, 18, 25, 35, 45, 55, 65)), 13)
F18, M18, F25, M25, F65 = (
    ("18-24", "female"), ("18-24", "male"), ("25-34", "female"), ("25-34", "male"), ("65+", "female"),
)  # fmt: skip


def window(counts, entries: int = 0, exits: int = 0) -> Window:
    return Window(0, 900, counts, entries, exits, (1.0, 2.0, 3.0) if counts else None)


def disclosed(counts, min_cell: int = 5, **more) -> Disclosed:
    return disclose(window(counts, **more), CELLS, min_cell)


def test_the_cells_depend_on_the_settings_alone():
    assert len(CELLS) == 16
    assert CELLS[:3] == (("0-12", "unknown"), ("13-17", "female"), ("13-17", "male"))
    assert CELLS[-1] == NOT_ESTIMATED


@pytest.mark.parametrize(
    ("lower", "below", "cells"),
    [
        pytest.param((0, 18), 0, [("0-17", "female"), ("0-17", "male")], id="genders for all"),
        pytest.param((0, 18), 18, [("0-17", "unknown")], id="the edge is a band's"),
        pytest.param(
            (0, 18), 13, [("0-17", "female"), ("0-17", "male"), ("0-17", "unknown")], id="the edge is within a band"
        ),
    ],
)
def test_a_band_has_cells_for_the_genders_that_are_possible_in_it(lower, below, cells):
    adults = [("18+", "female"), ("18+", "male")]
    assert list(possible_cells(AgeBands(lower), below)) == [*cells, *adults, NOT_ESTIMATED]


@pytest.mark.parametrize(
    ("counts", "visits", "cells", "withheld"),
    [
        pytest.param({}, 0, "all zero", 0, id="nobody"),
        pytest.param({F18: 4}, None, {}, None, id="fewer visits than the smallest cell"),
        pytest.param({F18: 1, M18: 1, F25: 1, M25: 1}, None, {}, None, id="fewer visits in many cells"),
        pytest.param({F18: 5}, 5, "all", 0, id="one cell just large enough"),
        pytest.param({F18: 9, M18: 7}, 16, "all", 0, id="no small cell"),
        pytest.param({F18: 9, M18: 7, F25: 2}, 18, {F18: 9}, 9, id="one small cell takes the next smallest along"),
        pytest.param({F18: 9, M18: 7, F25: 7, M25: 1}, 24, {F18: 9}, 15, id="equal cells go together"),
        pytest.param({F18: 9, F25: 2, M25: 3}, 14, {F18: 9}, 5, id="small cells that hide one another"),
        pytest.param({F18: 9, M25: 1}, 10, {}, 10, id="nothing is left but the total"),
        pytest.param({F18: 1, M18: 1, F25: 1, M25: 1, F65: 1}, 5, {}, 5, id="five ones among empty cells"),
    ],
)
def test_the_right_cells_are_disclosed_and_withheld(counts, visits, cells, withheld):
    result = disclosed(counts)
    full = {**dict.fromkeys(CELLS, 0), **counts}
    assert result.visits == visits
    assert result.counts == (full if cells in ("all", "all zero") else cells)
    assert result.withheld_visits == withheld
    assert set(result.counts) | set(result.withheld_cells) == set(CELLS)
    assert not set(result.counts) & set(result.withheld_cells)


@pytest.mark.parametrize(
    ("entries", "exits", "expected"),
    [
        (0, 0, (0, 0)),
        (20, 0, (20, 0)),
        (15, 5, (15, 5)),
        (16, 4, (None, None)),
        (1, 19, (None, None)),
        (0, 4, (None, None)),
    ],
)
def test_entries_and_exits_are_disclosed_together_or_not_at_all(entries, exits, expected):
    result = disclosed({F18: 20}, entries=entries, exits=exits)
    assert (result.entries, result.exits) == expected


def test_nothing_about_the_visits_of_a_tiny_window_is_disclosed():
    result = disclosed({F18: 4}, entries=4)
    assert (result.visits, result.entries, result.exits, result.dwell_s, result.counts) == (None, None, None, None, {})
    assert result.withheld_cells == CELLS


def test_everything_is_disclosed_if_min_cell_is_one():
    result = disclosed({F18: 1, M18: 3}, min_cell=1, entries=1)
    assert (result.visits, result.counts[F18], result.counts[M18], result.entries) == (4, 1, 3, 1)
    assert result.withheld_cells == ()


@pytest.mark.parametrize(
    ("cell", "counted_as"),
    [
        pytest.param(("0-12", "male"), ("0-12", "unknown"), id="a gender where none is given"),
        pytest.param(("18-24", "unknown"), NOT_ESTIMATED, id="no gender where there should be one"),
        pytest.param(("unknown", "female"), NOT_ESTIMATED, id="no age"),
        pytest.param(("18-20", "female"), NOT_ESTIMATED, id="a band of other settings"),
    ],
)
def test_a_visit_in_an_impossible_cell_counts_in_a_possible_one(cell, counted_as):
    result = disclosed({cell: 7})
    assert result.counts[counted_as] == 7
    assert result.visits == 7


SHAPES = [
    pytest.param(2, 12, 5, False, id="2 cells"),
    pytest.param(2, 6, 2, False, id="2 cells, smallest 2"),
    pytest.param(3, 9, 4, False, id="3 cells"),
    pytest.param(3, 7, 2, False, id="3 cells, smallest 2"),
    pytest.param(4, 6, 3, False, id="4 cells"),
    pytest.param(3, 8, 4, True, id="3 cells and unclassified visits"),
]


def everything_told(cells, values, min_cell: int):
    """Everything that a reader sees of a table, in a form that can be compared."""
    result = disclose(Window(0, 900, dict(zip(cells, values, strict=True))), cells, min_cell)
    return result.visits, tuple(result.counts.items()), ShareEstimator().of_disclosed(result)


@pytest.mark.parametrize(("number", "highest", "min_cell", "unclassified"), SHAPES)
def test_a_reader_who_tries_every_table_cannot_find_a_small_count(number, highest, min_cell, unclassified):
    """The strongest reader applies the rule to every possible table and keeps those with the same disclosed numbers."""
    cells = (*CELLS[1 : number + 1], NOT_ESTIMATED)
    last = range(highest + 1) if unclassified else (0,)
    tables_of = defaultdict(list)
    for values in itertools.product(*[range(highest + 1)] * number, last):
        tables_of[everything_told(cells, values, min_cell)].append(values)
    small = 0
    for tables in tables_of.values():
        for position in range(number):
            candidates = {values[position] for values in tables}
            if any(0 < n < min_cell for n in candidates):
                small += 1
                assert len(candidates) > 1, (tables, cells[position])
    assert small > 0


@pytest.mark.parametrize(("number", "highest", "min_cell", "unclassified"), SHAPES)
def test_no_sum_or_difference_of_disclosed_counts_is_small(number, highest, min_cell, unclassified):
    cells = (*CELLS[1 : number + 1], NOT_ESTIMATED)
    for values in itertools.product(*[range(highest + 1)] * number, (0, 1)):
        result = disclose(Window(0, 900, dict(zip(cells, values, strict=True))), cells, min_cell)
        numbers = [result.visits, result.withheld_visits, *result.counts.values()]
        assert not any(0 < n < min_cell for n in numbers if n is not None)
        if result.visits is not None:
            assert result.visits == sum(values)
