"""The classifier's known errors: what it said of labelled faces that it had not seen, from the bundle's card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import BadInput

Integers = npt.NDArray[np.int64]
KEY = "faces"
"""Name of the table in the card's ``calibration``."""
GENDERS = ("male", "female")
MAX_AGE = 100
MAX_FACES = 1_000_000
_ESTIMATE = re.compile(r"(\d{1,3})([fm])")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Label and estimate of n faces; all int64 (n,).

    Attributes:
        true_age: labelled age in years, 0..100, and ``age``, the estimated one, without its fraction.
        true_female: 1 for female, 0 for male, and ``female``, the more probable gender.
    """

    true_age: Integers
    true_female: Integers
    age: Integers
    female: Integers

    @classmethod
    def of(
        cls, true_age: Iterable[float], true_female: Iterable[int], age: Iterable[float], probability: Iterable[float]
    ) -> Calibration:
        """From labels, estimated ages in years and P(female)."""
        years = [np.clip(np.floor(np.asarray(list(values), float)), 0, MAX_AGE) for values in (true_age, age)]
        female = np.asarray(list(probability), float) >= 0.5
        labels = np.asarray(list(true_female), np.int64)
        return cls(years[0].astype(np.int64), labels, years[1].astype(np.int64), female.astype(np.int64))

    @classmethod
    def read(cls, calibration: Mapping[str, Any], name: str = "the model") -> Calibration | None:
        """From a card's ``calibration``; None if it has no such table, as cards of older bundles.

        Raises:
            BadInput: the table is damaged.
        """
        table = calibration.get(KEY)
        if table is None:
            return None
        try:
            rows = [
                (int(age), gender, int(said[1]), said[2] == "f")
                for gender, label in enumerate(GENDERS)
                for age, text in table[label].items()
                for said in map(_parsed, text.split())
            ]
            columns = np.array(rows, np.int64).reshape(-1, 4)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BadInput(f"{name}: the calibration in its card is damaged ({error!r}); convert it again") from error
        ages = columns[:, [0, 2]]
        if not 0 < len(columns) <= MAX_FACES or ages.min() < 0 or ages.max() > MAX_AGE:
            raise BadInput(f"{name}: the calibration in its card is empty or has ages beyond {MAX_AGE}")
        return cls(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3])

    def table(self) -> dict[str, dict[str, str]]:
        """For the card: of each gender and year of age, what the classifier said of these faces: ``"33f 35f 41m"``."""
        table: dict[str, dict[str, str]] = {}
        for gender, label in enumerate(GENDERS):
            table[label] = {}
            for age in sorted(set(self.true_age[self.true_female == gender].tolist())):
                mine = (self.true_female == gender) & (self.true_age == age)
                said = sorted(zip(self.age[mine].tolist(), self.female[mine].tolist(), strict=True))
                table[label][str(age)] = " ".join(f"{years}{'f' if female else 'm'}" for years, female in said)
        return table

    def take(self, rows: Any) -> Calibration:
        """Some of the faces, by index."""
        return Calibration(self.true_age[rows], self.true_female[rows], self.age[rows], self.female[rows])

    def __len__(self) -> int:
        return len(self.true_age)


def _parsed(text: str) -> re.Match[str]:
    match = _ESTIMATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no estimate")
    return match
