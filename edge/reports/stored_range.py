"""What the store still holds of a range of time: single visits and, where these were deleted, windows of counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.census.age_bands import AgeBands
from edge.census.window import Cell, Window, cell_of
from edge.counting.visit import Visit
from edge.store import Store


@dataclass(frozen=True)
class StoredRange:
    """Visits that ended in a range, oldest first, and the ``windows`` of the range whose visits have been deleted.

    No visit is counted in both.
    """

    visits: Sequence[Visit] = ()
    windows: Sequence[Window] = ()

    @classmethod
    def between(cls, store: Store, start: float, end: float, no_gender_below: float) -> StoredRange:
        """Read the range ``[start, end)``, unix seconds. Visits that look younger than the limit get no gender."""
        visits = [without_a_childs_gender(stored.visit, no_gender_below) for stored in store.visits.between(start, end)]
        return cls(visits, store.windows.emptied_between(start, end))

    def counts(self, bands: AgeBands) -> dict[Cell, int]:
        """Visits by cell. Windows that were closed with other settings may have other cells."""
        counts = Counter(cell_of(visit, bands) for visit in self.visits)
        for window in self.windows:
            counts.update(window.counts)
        return dict(counts)


def without_a_childs_gender(visit: Visit, no_gender_below: float) -> Visit:
    """The visit without its gender if it looks younger than the limit.

    The agent stores no gender of children, but the limit may have changed since then.
    """
    if visit.age is not None and visit.age < no_gender_below:
        return replace(visit, female_probability=None)
    return visit
