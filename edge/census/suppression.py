"""Small-cell suppression: which counts of a window may leave the device.

A count below ``min_cell`` could be about one person whom the reader knows. So it is withheld, and so is everything from
which it could be computed. The rule, as :func:`_withhold` applies it:

1. A cell is disclosed if it has at least ``min_cell`` visits. All others are withheld, *also the empty ones*: if empty
   cells could be told from small ones, five withheld cells with five visits in total would be known to have one each.
2. The total is disclosed as well, so the sum of the withheld cells is known. It must be 0 (then every cell is
   disclosed) or at least ``min_cell``, and the withheld cells must not all have the same count (then sum / number would
   give it away). Otherwise the smallest disclosed count is withheld too, with every cell equal to it, until this holds.
3. If nothing is left to withhold, the total is withheld too.

Why this is safe even if the reader knows the rule: it treats all cells alike, so if the counts of any two withheld
cells were exchanged, everything that is disclosed would stay the same. A withheld count could only be known for certain
if all of them were equal, and step 2 excludes that.
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
    """The part of a window that may leave the device. None means withheld, which is not the same as 0.

    Attributes:
        min_cell: no count in 1..min_cell-1 is disclosed.
        visits: all visits of the window; None if even that is withheld, and then everything else is too.
        counts: the disclosed cells, each 0 or at least ``min_cell``.
        withheld_cells: the other cells. Together they have ``withheld_visits``; each of them may have 0.
        entries: crossings inwards, and ``exits``, outwards: both are disclosed, or both are withheld.
        dwell_s: 10 %, 50 % and 90 % quantiles of the dwell time in seconds; None also if there are no visits.
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
        """Number of visits in the withheld cells: 0 or at least ``min_cell``; None if this is withheld, too."""
        return None if self.visits is None else self.visits - sum(self.counts.values())


def possible_cells(bands: AgeBands, no_gender_below: int) -> tuple[Cell, ...]:
    """All cells that are disclosed or withheld, whatever was counted: their number must not depend on the visits.

    There are cells with genders for the bands that reach ``no_gender_below`` (years) or more, cells with "unknown" for
    those that begin below it, and one cell for visits without an estimate.
    """
    cells: list[Cell] = []
    for label, low, next_low in zip(bands.labels, bands.lower, (*bands.lower[1:], 1000), strict=True):
        if next_low > no_gender_below:
            cells += [(label, gender) for gender in GENDERS]
        if low < no_gender_below:
            cells.append((label, UNKNOWN))
    return (*cells, NOT_ESTIMATED)


def disclose(window: Window, cells: Sequence[Cell], min_cell: int) -> Disclosed:
    """Apply the rule to a window; see the module's text.

    Args:
        window: with the counts.
        cells: from :func:`possible_cells`. A visit in any other cell counts as one of unknown gender or, failing that,
            as one without an estimate.
        min_cell: at least 1, which withholds nothing.
    """
    counts = _folded(window.counts, cells)
    disclosed = _withhold(counts, min_cell)
    if disclosed is None:
        return Disclosed(min_cell, None, {}, tuple(cells), None, None, None)
    # Both or neither: if every visit crosses the line, the total and one of them give the other.
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
    """The cells that may be disclosed beside the total; None if not even the total may be disclosed."""
    disclosed = {cell: n for cell, n in counts.items() if n >= min_cell}
    while True:
        hidden = {cell: n for cell, n in counts.items() if cell not in disclosed}
        total = sum(hidden.values())
        if total == 0:
            return dict(counts)
        # A reader may guess that every visit has an estimate, so the cell without one does not help to hide the others.
        values = {n for cell, n in hidden.items() if cell != NOT_ESTIMATED}
        if total >= min_cell and len(values) > 1:
            return disclosed
        if not disclosed:
            return None
        # All cells equal to the smallest are withheld together: a choice by order would not treat all cells alike.
        smallest = min(disclosed.values())
        disclosed = {cell: n for cell, n in disclosed.items() if n > smallest}
