"""Corrected shares for people: only where there are enough visits for them to say something."""

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
    "heading": "Who came, mistakes taken out",
    "columns": ("Age", "Counted", "Likely share", "Range"),
    "caption": "Shares with the model’s mistakes taken out, and the range that holds the truth in 19 of 20 cases",
    "note": (
        "The model takes some patrons for older, younger or of the other gender, and how often is known. Counted is "
        "what it said; the likely share has these mistakes taken out. In 19 of 20 cases the truth is within the range, "
        "which narrows with more visits. Women and men are shares of those old enough for a gender to be given."
    ),
}
"""The words of pages with :func:`likely_rows`."""


def likely_shares(stored: StoredRange, estimator: ShareEstimator, bands: AgeBands) -> Shares | None:
    """Corrected shares of all that is kept of a range: from single visits or, where some were deleted, from counts.

    Those of women and men only if a gender was given to any. None if fewer than MIN_VISITS visits have an estimate, or
    if the errors of the model are not known.
    """
    counts = stored.counts(bands)
    if estimator.method != CORRECTED or visits_with_age(counts) < MIN_VISITS:
        return None
    shares = estimator.of_counts(counts) if stored.windows else estimator.of_visits(stored.visits)
    return if_enough_visits(shares, counts)


def if_enough_visits(shares: Shares, counts: Mapping[Cell, int]) -> Shares | None:
    """``shares`` of ``counts`` if there are enough visits for them, else None."""
    if shares.method != CORRECTED or visits_with_age(counts) < MIN_VISITS:
        return None
    return shares if any(n and gender != UNKNOWN for (_, gender), n in counts.items()) else replace(shares, genders=())


def visits_with_age(counts: Mapping[Cell, int]) -> int:
    """How many of the visits have an age."""
    return sum(n for (band, _), n in counts.items() if band != UNKNOWN)


def why_no_shares(counts: Mapping[Cell, int], possible: Collection[Cell], *, over: bool = True) -> str:
    """Why there are no shares of ``counts``, in a sentence.

    ``possible`` are the cells of the present settings; ``over``: no more visits will come.
    """
    estimated = visits_with_age(counts)
    if estimated >= MIN_VISITS:
        if set(counts) <= set(possible):
            return "This model does not say how often it errs, so there is nothing to correct its counts by."
        return (
            "Some were counted under other settings of the age bands or of no_gender_below, so there is nothing to"
            " correct their counts by."
        )
    if over:
        return f"Too few patrons: it takes {MIN_VISITS} visits with an age, and there were {estimated}."
    return f"Too few patrons yet: from {MIN_VISITS} visits on, {estimated} so far."


def likely_rows(shares: Shares, counts: Mapping[Cell, int]) -> list[list[str]]:
    """Band or gender, visits counted and their share as counted, likely share, range: the bands, then women and men."""
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
    """Shares by band, of women and men, and by cell; None where there are none."""
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
    """Shares that are asked for again and again: worked out anew when their visits have changed, but not more often
    than every AGAIN_S. So those of a closed day are worked out once.
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
        """As :func:`likely_shares`, of all that is kept of ``name``, which is asked for if needed.

        ``version`` changes whenever it does. Of names, the last REMEMBERED are remembered.
        """
        with self._lock:
            was, at_s, latest = self._made.get(name, ("", 0.0, None))
            fresh = latest is not None and self._clock_s() - at_s < REFRESH_S
            if name not in self._made or (was != version and not fresh):
                known = (
                    self._load_estimator()
                )  # a model without known errors is not worth reading a month of visits for
                latest = likely_shares(stored(), known, self._bands) if known.method == CORRECTED else None
                self._made[name] = (version, self._clock_s(), latest)
            self._made.move_to_end(name)
            while len(self._made) > MAX_REMEMBERED:
                self._made.popitem(last=False)
            return latest

    def _load_estimator(self) -> ShareEstimator:
        if self._estimator is None:
            from edge.vision.bundle import load_bundle  # not before there is something to show

            try:
                card = load_bundle(self._model).card
                self._estimator = ShareEstimator.of(card, self._census)
            except MaitredError:
                # The agent, which needs the model, says what is wrong with it.
                self._estimator = ShareEstimator()
        return self._estimator


def _numbers(share: Share) -> dict[str, float]:
    return {name: round(getattr(share, name), 4) for name in ("share", "low", "high")}
