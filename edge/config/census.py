"""[census]: windows, which hold counts by age band and gender."""

from __future__ import annotations

import itertools

from pydantic import Field, field_validator

from edge.config.section import Section
from edge.labels import MAX_AGE


class Census(Section):
    """Windows, age bands, and the counts that are withheld."""

    window_minutes: int = Field(
        60, title="Window", description="Length of a window in minutes; a day must divide evenly by it.", ge=1, le=1440
    )
    bands: tuple[int, ...] = Field(
        (0, 13, 18, 25, 35, 45, 55, 65), title="Age bands",
        description="Lowest age of each band, rising from 0; the last band has no upper end.",
        min_length=1, max_length=20,
    )  # fmt: skip
    no_gender_below: int = Field(
        13,
        title="Children",
        description="Faces below this apparent age are given no gender, because it would be guesswork.",
        ge=0,
        le=30,
    )
    min_cell: int = Field(
        5,
        title="Smallest cell",
        description="Counts below this are withheld from everything that leaves the device.",
        ge=1,
        le=100,
    )

    @field_validator("window_minutes")
    @classmethod
    def _divides_a_day(cls, value: int) -> int:
        if 1440 % value:
            raise ValueError(f"a day cannot be divided evenly by {value} minutes; use 5, 10, 15, 20, 30, 60, …")
        return value

    @field_validator("bands")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if value[0] != 0 or any(b <= a for a, b in itertools.pairwise(value)) or value[-1] > MAX_AGE:
            raise ValueError(f"age bands must start at 0 and rise to at most {MAX_AGE}, for example [0, 18, 35, 55]")
        return value
