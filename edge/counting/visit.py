"""A visit: somebody was in view for a while. The finest thing that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]
Direction = Literal["in", "out"]


@dataclass(frozen=True)
class Visit:
    """One patron's stay in view. Nothing here identifies anyone, and a visit is not a unique person.

    Attributes:
        started_at: first and ``ended_at`` last sight, unix seconds (UTC), or seconds of a recording's time line.
        observations: frames in which the face was detected.
        age: apparent age in years (0..100) with ``age_interval``, its 80 % interval; None if never classified.
        own_interval: ``age_interval`` as the model gave it, before it was made wider because the shots showed little;
            None if that is not known. For the correction of shares.
        female_probability: 0..1; None where gender is not given (a child) or was never classified.
        direction: across the entrance's line or into its zone; None without a crossing, and for who turned round.
        zone_s: seconds inside of the entrance's zone; None where none is drawn.
        excluded: staff, by time or by zone: counted as such and in nothing else; all estimates are None.
    """

    started_at: float
    ended_at: float
    observations: int
    age: float | None = None
    age_interval: tuple[float, float] | None = None
    female_probability: float | None = None
    direction: Direction | None = None
    zone_s: float | None = None
    excluded: bool = False
    own_interval: tuple[float, float] | None = None

    @property
    def dwell_s(self) -> float:
        """Seconds in view."""
        return self.ended_at - self.started_at

    @property
    def gender(self) -> Gender | None:
        """The more probable gender, None where none is given."""
        if self.female_probability is None:
            return None
        return "female" if self.female_probability >= 0.5 else "male"
