"""Small-cell suppression: which counts of a window may leave the device.

A count below ``min_cell`` could be about one person whom the reader knows, so it is not told, and neither is anything
from which it follows. The rule, top to bottom in :func:`_withhold`:

1. A cell is told if it holds at least ``min_cell`` visits; the others are withheld, *empty ones too*. If empty cells
   were told apart from small ones, five withheld cells with five visits between them would be known to hold one each.
2. The total is told as well, so the withheld cells' sum is known. It must be 0 (then every cell is told) or at least
   ``min_cell``, and the withheld cells must not all hold the same count (then sum / number would give it away).
   Otherwise the smallest told count is withheld too, with every cell equal to it, until that holds.
3. If nothing is left to withhold, the total is not told either.

Why this holds against a reader who knows the rule: it treats all cells alike, so exchanging the counts of any two
withheld cells leaves everything that is told as it was. A withheld count could only be certain if all of them were
equal, which step 2 excludes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.census.age_bands import AgeBands
from edge.census.window import UNKNOWN, Cell, Window
from edge.labels import GENDERS

NOT_ESTIMATED: Cell = (UNKNOWN, UNKNOWN)


@dataclass(frozen=True)
class Disclosed:
    """What may be told of a window. None means withheld, which is not the same as 0.

    Attributes:
        min_cell: no count in 1..min_cell-1 is told.
        visits: all visits of the window; None if even that is withheld, and then everything else is too.
        counts: the cells that are told, each 0 or at least ``min_cell``.
        withheld_cells: the other cells; together they hold ``withheld_visits``, any of them may hold 0.
        entries: crossings inwards and ``exits``, outwards: both told or both withheld.
        dwell_s: 10 %, 50 % and 90 % quantile of the dwell time in seconds; None also without visits.
    """

    min_cell: int
    visits: int | None
    counts: dict[Cell, int]
    withheld_cells: tuple[Cell, ...]
    entries: int | None
    exits: int | None
    dwell_s: tuple[float, float, float] | None

    @property
    def withheld_visits(self) -> int | None:
        """Visits in the withheld cells: 0 or at least ``min_cell``; None if withheld."""
        return None if self.visits is None else self.visits - sum(self.counts.values())


def possible_cells(bands: AgeBands, no_gender_below: int) -> tuple[Cell, ...]:
    """The cells that are told or withheld, whatever was counted: their number must say nothing about the visits.

    Genders in the bands that reach ``no_gender_below`` (years) or more, "unknown" in those that begin below it, and
    one cell for visits without an estimate.
    """
    cells: list[Cell] = []
    for label, low, next_low in zip(bands.labels, bands.lower, (*bands.lower[1:], 1000), strict=True):
        if next_low > no_gender_below:
            cells += [(label, gender) for gender in GENDERS]
        if low < no_gender_below:
            cells.append((label, UNKNOWN))
    return (*cells, NOT_ESTIMATED)


def disclose(window: Window, cells: Sequence[Cell], min_cell: int) -> Disclosed:
    """Apply the rule to a window; ``cells`` as from :func:`possible_cells`, ``min_cell`` >= 1 (1 withholds nothing).

    A visit in a cell that is not among ``cells`` counts as one of unknown gender, or as one without an estimate.
    """
    counts = _folded(window.counts, cells)
    disclosed = _withhold(counts, min_cell)
    if disclosed is None:
        return Disclosed(min_cell, None, {}, tuple(cells), None, None, None)
    # Both or neither: where every visit crosses the line, one of them and the total give the other.
    directed = not any(0 < n < min_cell for n in (window.entries, window.exits))
    return Disclosed(
        min_cell,
        window.visits,
        disclosed,
        tuple(cell for cell in cells if cell not in disclosed),
        window.entries if directed else None,
        window.exits if directed else None,
        window.dwell_s,
    )


def _folded(counts: Mapping[Cell, int], cells: Sequence[Cell]) -> dict[Cell, int]:
    folded = dict.fromkeys(cells, 0)
    for (band, gender), n in counts.items():
        near = ((band, gender), (band, UNKNOWN), NOT_ESTIMATED)
        folded[next(cell for cell in near if cell in folded)] += n
    return folded


def _withhold(counts: Mapping[Cell, int], min_cell: int) -> dict[Cell, int] | None:
    """The cells that may be told beside the total; None if the total may not."""
    disclosed = {cell: n for cell, n in counts.items() if n >= min_cell}
    while True:
        hidden = {cell: n for cell, n in counts.items() if cell not in disclosed}
        total = sum(hidden.values())
        if total == 0:
            return dict(counts)
        # A reader may guess that every visit got an estimate, so that cell does not help to hide the others.
        values = {n for cell, n in hidden.items() if cell != NOT_ESTIMATED}
        if total >= min_cell and len(values) > 1:
            return disclosed
        if not disclosed:
            return None
        # All that are equal to the smallest go together: a choice by order would treat cells differently.
        smallest = min(disclosed.values())
        disclosed = {cell: n for cell, n in disclosed.items() if n > smallest}
