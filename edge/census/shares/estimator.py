"""Shares of the visits by age band and gender, with intervals; corrected if the model's errors are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edge.census.age_bands import AgeBands
from edge.census.shares.calibration import Calibration
from edge.census.shares.confusion import Confusion, estimate_confusion
from edge.census.shares.label_shift import INTERVAL_LEVEL, CorrectedShares, correct_counts, correct_visits
from edge.census.suppression import NOT_ESTIMATED, Disclosed
from edge.census.window import UNKNOWN, Cell
from edge.config.census import Census
from edge.counting.visit import Visit
from edge.labels import GENDERS
from edge.vision.card import Card

CORRECTED = "prior-shift-em"
RAW = "raw"
MIN_VISITS = 50
"""With fewer visits that have an estimate, shares are not shown to people: the intervals would span almost
everything."""
ALL = "all"
INTERVAL_METHODS = {CORRECTED: "bootstrap", RAW: "wilson"}


@dataclass(frozen=True)
class Share:
    """Share of the visits in one cell, 0..1, with its interval from ``low`` to ``high`` at INTERVAL_LEVEL."""

    band: str
    gender: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Shares:
    """Shares, and the method behind them.

    Attributes:
        method: CORRECTED: corrected for the model's known confusion; RAW: shares of the counts as they are.
        interval: "bootstrap": it covers chance among the visits and among the calibration faces; "wilson": chance among
            the visits alone, as if the model never erred.
        cells: in the order of the counts; empty without visits.
        bands: shares of the age bands (their gender is ALL) among the visits with an age. ``genders`` are the shares of
            women and men (their band is ALL) among the visits with a gender. Both are empty unless they were corrected
            from single visits or from all counts.
    """

    method: str
    interval: str
    cells: tuple[Share, ...]
    bands: tuple[Share, ...] = ()
    genders: tuple[Share, ...] = ()


@dataclass(frozen=True)
class ShareEstimator:
    """Estimates shares for one model and one set of bands.

    ``confusion``: the confusion of the model; if it is None, because the card has too little about it, shares are raw.
    """

    confusion: Confusion | None = None

    @classmethod
    def of(cls, card: Card, settings: Census) -> ShareEstimator:
        """The estimator for the model of ``card``.

        Raises:
            BadInput: the calibration in the card is damaged.
        """
        faces = Calibration.read(card.calibration, card.name)
        if faces is None:
            return cls()
        return cls(estimate_confusion(faces, AgeBands(settings.bands), settings.no_gender_below))

    @property
    def method(self) -> str:
        """CORRECTED, or RAW if the model's errors are not known."""
        return RAW if self.confusion is None else CORRECTED

    def of_counts(self, counts: Mapping[Cell, int]) -> Shares:
        """Estimate shares from counts by cell. If there are cells of other bands than the configured ones, shares are
        raw.
        """
        if self.confusion is None or not set(counts) <= set(self.confusion.cells):
            return raw_shares(counts)
        cells = self.confusion.cells
        return self._corrected([counts.get(cell, 0) for cell in cells], [[cell] for cell in cells], cells)

    def of_visits(self, visits: Sequence[Visit]) -> Shares:
        """Estimate shares from single visits. Their estimates say more than the cells in which they count.

        Raises:
            ValueError: the model's errors are not known; use :meth:`of_counts`.
        """
        if self.confusion is None:
            raise ValueError("without a known confusion, single visits say no more than counts; use of_counts")
        if not visits:
            return Shares(CORRECTED, INTERVAL_METHODS[CORRECTED], ())
        return self._shares(
            correct_visits(self.confusion.distinct_visits(visits), self.confusion.faces), self.confusion.cells
        )

    def of_disclosed(self, disclosed: Disclosed) -> Shares:
        """Estimate shares of the disclosed cells from nothing but disclosed numbers; for events that leave the device.

        The withheld cells count as one group with their sum, which is disclosed. A reader could compute these shares
        from the counts beside them, and so learns nothing else from them.
        """
        if not disclosed.visits or not disclosed.counts:
            return Shares(self.method, INTERVAL_METHODS[self.method], ())
        if self.confusion is None:
            return raw_shares(disclosed.counts, disclosed.visits)
        groups = [[cell] for cell in disclosed.counts]
        counts = list(disclosed.counts.values())
        if disclosed.withheld_cells:
            groups.append(list(disclosed.withheld_cells))
            counts.append(disclosed.withheld_visits or 0)
        return self._corrected(counts, groups, tuple(disclosed.counts))

    def _corrected(self, counts: Sequence[int], groups: Sequence[Sequence[Cell]], cells: Sequence[Cell]) -> Shares:
        if self.confusion is None or not sum(counts):
            return Shares(CORRECTED, INTERVAL_METHODS[CORRECTED], ())
        member = np.array([[cell in group for group in groups] for cell in self.confusion.cells], float)
        return self._shares(correct_counts(np.array(counts), self.confusion.faces @ member, member), cells)

    def _shares(self, corrected: CorrectedShares, cells: Sequence[Cell]) -> Shares:
        known = self.confusion.cells if self.confusion else ()
        place = {cell: index for index, cell in enumerate(known)}
        shares = [
            Share(*cell, float(corrected.share[i]), float(corrected.low[i]), float(corrected.high[i]))
            for cell, i in ((cell, place[cell]) for cell in cells)
        ]
        if len(cells) < len(known):  # only some cells: these shares are for an event
            return Shares(CORRECTED, INTERVAL_METHODS[CORRECTED], tuple(shares))
        bands = [(band, ALL) for band in dict.fromkeys(band for band, _ in known if band != UNKNOWN)]
        genders = [(ALL, gender) for gender in GENDERS]
        summed = (_summed(corrected, known, groups) for groups in (bands, genders))
        return Shares(CORRECTED, INTERVAL_METHODS[CORRECTED], tuple(shares), *summed)


def _summed(corrected: CorrectedShares, cells: Sequence[Cell], groups: Sequence[Cell]) -> tuple[Share, ...]:
    """Shares of ``groups``: cells with ALL as their band or gender."""
    member = np.array([[all(name in (ALL, own) for name, own in zip(group, cell, strict=True)) and cell != NOT_ESTIMATED
                        for group in groups] for cell in cells], float)  # fmt: skip
    sums = corrected.merged(member)
    return tuple(
        Share(*group, *(float(values[i]) for values in (sums.share, sums.low, sums.high)))
        for i, group in enumerate(groups)
    )


def raw_shares(counts: Mapping[Cell, int], visits: int | None = None) -> Shares:
    """Shares of the cells of ``counts`` without a correction.

    ``visits`` is the total; the sum of ``counts`` if None. For an event, give the disclosed counts and the disclosed
    total; then the shares reveal no more than those.
    """
    total = sum(counts.values()) if visits is None else visits
    cells = () if total <= 0 else tuple(Share(*cell, n / total, *_wilson(n, total)) for cell, n in counts.items())
    return Shares(RAW, INTERVAL_METHODS[RAW], cells)


def _wilson(successes: int, trials: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + INTERVAL_LEVEL) / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)
