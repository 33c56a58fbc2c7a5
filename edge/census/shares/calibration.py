"""Calibration faces: the model's estimates of labelled faces that it was not trained on, from the bundle's card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import BadInput
from edge.labels import GENDER_OF_LABEL, MAX_AGE

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]
KEY = "face_estimates"
"""Key of the table in the card's ``calibration``."""
MAX_FACES = 1_000_000
_ESTIMATE = re.compile(r"(\d+\.\d)\((\d+\.\d)-(\d+\.\d)\)(\d{1,4})")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Labels and estimates of n faces; every array is (n,).

    Attributes:
        true_age: int64, labelled age in years, 0..100; ``true_female`` is 1 for female, 0 for male.
        age: float64, estimated age in years, 0..100; its 80 % interval is from ``low`` to ``high``.
        probability: float64, P(female), 0..1.
    """

    true_age: Int64Array
    true_female: Int64Array
    age: Float64Array
    low: Float64Array
    high: Float64Array
    probability: Float64Array

    @classmethod
    def of(
        cls,
        true_age: Iterable[float],
        true_female: Iterable[int],
        age: Iterable[float],
        interval: Iterable[Iterable[float]],
        probability: Iterable[float],
    ) -> Calibration:
        """Make one from labels, estimated ages with intervals in years, and P(female), rounded as in a card."""
        labels = np.clip(np.floor(np.asarray(list(true_age), float)), 0, MAX_AGE).astype(np.int64)
        intervals = np.asarray([tuple(ends) for ends in interval], float).reshape(-1, 2)
        years = np.column_stack([np.asarray(list(age), float), intervals])
        # Rounded down, never up: 12.96 must stay 12.
        years = np.clip(np.floor(np.round(years * 10, 3)) / 10, 0, MAX_AGE)
        female = np.floor(np.asarray(list(probability), float) * 1000) / 1000
        return cls(labels, np.asarray(list(true_female), np.int64), years[:, 0], years[:, 1], years[:, 2], female)

    @classmethod
    def read(cls, calibration: Mapping[str, Any], name: str = "the model") -> Calibration | None:
        """Read it from a card's ``calibration``; None if there is no such table, as in cards of older bundles.

        Raises:
            BadInput: the table is damaged.
        """
        table = calibration.get(KEY)
        if table is None:
            return None
        try:
            rows = [
                (int(age), label, *(float(number) for number in _parsed(text).groups()))
                for label, gender in GENDER_OF_LABEL.items()
                for age, texts in table[gender].items()
                for text in texts.split()
            ]
            columns = np.array(rows, float).reshape(-1, 6)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BadInput(f"{name}: the calibration in its card is damaged ({error!r}); convert it again") from error
        ages = columns[:, [0, 2, 3, 4]]
        if not 0 < len(columns) <= MAX_FACES or ages.min() < 0 or ages.max() > MAX_AGE or columns[:, 5].max() > 1000:
            raise BadInput(f"{name}: the calibration in its card is empty, or has ages above {MAX_AGE} or the like")
        labels = columns[:, :2].astype(np.int64)
        return cls(labels[:, 0], labels[:, 1], columns[:, 2], columns[:, 3], columns[:, 4], columns[:, 5] / 1000)

    @property
    def female(self) -> Int64Array:
        """The more probable gender, int64: 1 for female, 0 for male."""
        return (self.probability >= 0.5).astype(np.int64)

    def table(self) -> dict[str, dict[str, str]]:
        """The table for the card: the estimates of these faces by labelled gender and year of age.

        Each is written as ``"33.4(26.1-41.0)982"``: age, 80 % interval, P(female) in thousandths.
        """
        table: dict[str, dict[str, str]] = {}
        for label, gender in GENDER_OF_LABEL.items():
            table[gender] = {}
            for age in sorted(set(self.true_age[self.true_female == label].tolist())):
                chosen = (self.true_female == label) & (self.true_age == age)
                thousandths = np.round(self.probability[chosen] * 1000).astype(int)
                estimates = sorted(zip(self.age[chosen], self.low[chosen], self.high[chosen], thousandths, strict=True))
                texts = [f"{years:.1f}({low:.1f}-{high:.1f}){female}" for years, low, high, female in estimates]
                table[gender][str(age)] = " ".join(texts)
        return table

    def take(self, rows: Any) -> Calibration:
        """Some of the faces, chosen by a numpy index."""
        return Calibration(
            self.true_age[rows], self.true_female[rows], self.age[rows], self.low[rows], self.high[rows],
            self.probability[rows],
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.true_age)


def _parsed(text: str) -> re.Match[str]:
    match = _ESTIMATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an estimate")
    return match
