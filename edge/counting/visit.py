"""A visit: somebody was in view for a while. Nothing more detailed is ever stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.labels import Gender, more_probable_gender
from edge.vision.description import describe

Direction = Literal["in", "out"]


@dataclass(frozen=True)
class Visit:
    """One patron's stay in view. Nothing here identifies anyone, and a visit is not a unique person.

    Attributes:
        started_at: when the face was first seen; ``ended_at``, when it was last seen. Unix seconds (UTC) in the
            store, seconds from the start of a recording, seconds of the frames' clock as the pipeline gives it.
        observations: number of frames in which the face was detected.
        age: apparent age in years, 0..100, and ``age_interval``, its 80 % interval; None if never classified.
        female_probability: 0..1; None if no gender is given (a child), or if never classified.
        direction: "in" or "out" across the entrance's line or the edge of its zone; None without a crossing, and for
            people who turned round.
        zone_s: seconds in the entrance's zone; None if none is drawn.
        excluded: whether this is staff, by time or by zone. Staff is counted separately; all estimates are None.
        own_interval: ``age_interval`` as the model gave it, before it was widened because the crops were poor; None if
            that is not known. The correction of shares needs it.
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

    def __str__(self) -> str:
        words = "staff" if self.excluded else "not classified"
        if self.age is not None and self.age_interval is not None:
            words = describe(self.age, self.age_interval, self.female_probability)
        crossing = {None: "", "in": ", came in", "out": ", went out"}[self.direction]
        return f"{self.dwell_s:.1f} s in view: {words}{crossing}"

    @property
    def dwell_s(self) -> float:
        """Seconds in view."""
        return self.ended_at - self.started_at

    @property
    def gender(self) -> Gender | None:
        """The more probable gender; None if none is given."""
        return more_probable_gender(self.female_probability)
