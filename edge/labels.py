"""The ages and genders that faces are labelled and estimated with, in one place for all packages."""

from __future__ import annotations

from typing import Literal

MAX_AGE = 100
"""Apparent ages are 0..100 years; anyone older counts as 100."""
AGES = MAX_AGE + 1
"""How many whole years an age distribution has."""

Gender = Literal["female", "male"]
GENDERS: tuple[Gender, Gender] = ("female", "male")
"""In the order in which they are listed."""
GENDER_OF_LABEL: dict[int, Gender] = {0: "male", 1: "female"}
"""By the numbers that data sets and networks have for them."""


def more_probable_gender(female_probability: float | None) -> Gender | None:
    """The gender that P(female), 0..1, speaks for; None where no gender is given."""
    if female_probability is None:
        return None
    return "female" if female_probability >= 0.5 else "male"
