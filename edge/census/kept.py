"""What the store still holds of a range of time: single visits and, where those were deleted, windows of counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge.census.bands import AgeBands
from edge.census.window import Cell, Window, cell_of
from edge.counting.visit import Visit
from edge.store import Store


@dataclass(frozen=True)
class Kept:
    """Visits that ended in a range, oldest first, and ``windows`` of it whose visits have been deleted.

    No visit is in both.
    """

    visits: Sequence[Visit] = ()
    windows: Sequence[Window] = ()

    @classmethod
    def between(cls, store: Store, start: float, end: float) -> Kept:
        """Of ``[start, end)``, unix seconds."""
        visits = [stored.visit for stored in store.visits.between(start, end)]
        return cls(visits, _windows_before_visits(store, start, end, visits))

    def counts(self, bands: AgeBands) -> dict[Cell, int]:
        """Visits by cell; windows closed under other settings may have counted in other cells."""
        counts = Counter(cell_of(visit, bands) for visit in self.visits)
        for window in self.windows:
            counts.update(window.counts)
        return dict(counts)


def _windows_before_visits(store: Store, start: float, end: float, visits: Sequence[Visit]) -> list[Window]:
    """Windows of the range from before the oldest visit that is still stored: what those hold is in no stored visit."""
    oldest = visits[0].ended_at if visits else end
    oldest_of_all = store.visits.oldest() or end
    if oldest_of_all < start:
        # Nothing of the range was deleted yet: a window from before its visits holds some that ended before the range
        # and were counted late.
        return []
    return [
        window
        for window in store.windows.between(start, oldest)
        if window.start >= start and (window.visits or (window.excluded and window.end <= oldest_of_all))
    ]
