"""Corrected shares for people to read, given only if there are enough visits for them to mean something."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import replace
from typing import Any

from edge.census.age_bands import AgeBands
from edge.census.shares.estimator import CORRECTED, MIN_VISITS, Share, ShareEstimator, Shares
from edge.census.shares.label_shift import INTERVAL_LEVEL
from edge.census.window import UNKNOWN, Cell
from edge.config.census import Census
from edge.errors import MaitredError
from edge.reports.stored_range import StoredRange

REFRESH_S = 30.0
MAX_REMEMBERED = 64
WORDS = {"female": "women", "male": "men"}
LIKELY_WORDS = {
    "heading": "Who came, corrected for mistakes",
    "columns": ("Age", "Counted", "Likely share", "Range"),
    "caption": "Shares corrected for the model’s mistakes, and the range that holds the truth in 19 of 20 cases",
    "note": (
        "The model mistakes some patrons for older or younger ones or for the other gender, and we know how often. "
        "“Counted” is what the model said; the likely share is corrected for these mistakes. In 19 of 20 cases the "
        "truth lies within the range, which becomes narrower with more visits. The shares of women and men are among "
        "patrons who look old enough for a gender to be given."
    ),
}
"""Texts of the pages that show :func:`likely_rows`."""


def likely_shares(stored: StoredRange, estimator: ShareEstimator, bands: AgeBands) -> Shares | None:
    """Corrected shares of everything that is stored of a range.

    They are computed from the single visits or, if some of these were deleted, from counts. Shares of women and men are
    left out if no visit has a gender. The result is None if fewer than MIN_VISITS visits have an estimate, or if the
    errors of the model are not known.
    """
    counts = stored.counts(bands)
    if estimator.method != CORRECTED or visits_with_age(counts) < MIN_VISITS:
        return None
    shares = estimator.of_counts(counts) if stored.windows else estimator.of_visits(stored.visits)
    return if_enough_visits(shares, counts)


def if_enough_visits(shares: Shares, counts: Mapping[Cell, int]) -> Shares | None:
    """``shares`` if ``counts``, from which they were computed, holds enough visits, else None."""
    if shares.method != CORRECTED or visits_with_age(counts) < MIN_VISITS:
        return None
    return shares if any(n and gender != UNKNOWN for (_, gender), n in counts.items()) else replace(shares, genders=())


def visits_with_age(counts: Mapping[Cell, int]) -> int:
    """The number of visits that have an age."""
    return sum(n for (band, _), n in counts.items() if band != UNKNOWN)


def why_no_shares(counts: Mapping[Cell, int], possible: Collection[Cell], *, over: bool = True) -> str:
    """The reason why there are no shares of ``counts``, as a sentence.

    Args:
        counts: visits by cell.
        possible: the cells of the present settings.
        over: whether the period is over, so that no more visits will come.
    """
    estimated = visits_with_age(counts)
    if estimated >= MIN_VISITS:
        if set(counts) <= set(possible):
            return "This model’s card does not say how often it errs, so its counts cannot be corrected."
        return (
            "Some visits were counted with other settings of the age bands or of no_gender_below, so their counts"
            " cannot be corrected."
        )
    if over:
        return f"Too few patrons: {MIN_VISITS} visits with an age are needed, and there were {estimated}."
    return f"Too few patrons yet: {MIN_VISITS} visits with an age are needed, and there are {estimated} so far."


def likely_rows(shares: Shares, counts: Mapping[Cell, int]) -> list[list[str]]:
    """Rows of a table, first the age bands, then women and men.

    Columns: name, visits counted with their share as counted, likely share, and its range.
    """
    aged = visits_with_age(counts)
    of_gender = {gender: sum(n for cell, n in counts.items() if cell[1] == gender) for gender in WORDS}
    gendered = sum(of_gender.values())
    rows = [
        (share.band, sum(n for cell, n in counts.items() if cell[0] == share.band), aged, share)
        for share in shares.bands
    ]
    rows += [(WORDS[share.gender], of_gender[share.gender], gendered, share) for share in shares.genders]
    return [[name, f"{n:,} ({100 * n / (base or 1):.0f} %)", *in_words(share)] for name, n, base, share in rows]


def likely_shares_json(shares: Shares | None) -> dict[str, Any] | None:
    """The JSON form of shares by band, of women and men, and by cell; None for None."""
    if shares is None:
        return None
    return {
        "method": shares.method,
        "level": INTERVAL_LEVEL,
        "bands": [{"band": share.band, **_numbers(share)} for share in shares.bands],
        "genders": [{"gender": share.gender, **_numbers(share)} for share in shares.genders],
        "cells": [{"band": share.band, "gender": share.gender, **_numbers(share)} for share in shares.cells],
    }


def in_words(share: Share) -> tuple[str, str]:
    """The share and its range, in per cent: ("24 %", "17–31 %")."""
    middle, low, high = (round(100 * value) for value in (share.share, share.low, share.high))
    if high < 1:
        return "under 1 %", "under 1 %"
    return ("under 1 %" if middle < 1 else f"{middle} %"), f"{low}–{high} %"


class LatestShares:
    """A cache of likely shares. They are computed again only when their visits have changed, and at most once in
    REFRESH_S seconds; so those of a day that is over are computed once.
    """

    def __init__(self, model: str, census: Census, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self._census = census
        self._bands = AgeBands(census.bands)
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._estimator: ShareEstimator | None = None
        self._made: OrderedDict[Hashable, tuple[str, float, Shares | None]] = OrderedDict()

    def of(self, name: Hashable, version: str, stored: Callable[[], StoredRange]) -> Shares | None:
        """The :func:`likely_shares` of a range.

        Args:
            name: names the range; the results of the MAX_REMEMBERED names used last are remembered.
            version: a text that changes whenever the visits of the range change.
            stored: reads the range from the store; called only if the shares must be computed.
        """
        with self._lock:
            old_version, at_s, latest = self._made.get(name, ("", 0.0, None))
            fresh = latest is not None and self._clock_s() - at_s < REFRESH_S
            if name not in self._made or (old_version != version and not fresh):
                estimator = self._load_estimator()
                # If the model's errors are not known, a month of visits need not be read in vain.
                latest = likely_shares(stored(), estimator, self._bands) if estimator.method == CORRECTED else None
                self._made[name] = (version, self._clock_s(), latest)
            self._made.move_to_end(name)
            while len(self._made) > MAX_REMEMBERED:
                self._made.popitem(last=False)
            return latest

    def _load_estimator(self) -> ShareEstimator:
        if self._estimator is None:
            from edge.vision.bundle import load_bundle  # takes time; not needed before there are visits

            try:
                card = load_bundle(self._model).card
                self._estimator = ShareEstimator.of(card, self._census)
            except MaitredError:
                # The agent needs the model, too, and reports what is wrong with it.
                self._estimator = ShareEstimator()
        return self._estimator


def _numbers(share: Share) -> dict[str, float]:
    return {name: round(getattr(share, name), 4) for name in ("share", "low", "high")}
