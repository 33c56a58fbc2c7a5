"""Corrected shares for people: only where there are enough visits for them to say something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

from edge.census.correction import LEVEL
from edge.census.shares import CORRECTED, ENOUGH, Share, ShareEstimator, Shares
from edge.config.settings import Settings
from edge.counting.visit import Visit
from edge.errors import MaitredError

AGAIN_S = 30.0


def shown(visits: Sequence[Visit], estimator: ShareEstimator) -> Shares | None:
    """Corrected shares of ``visits``, those of women and men only if a gender was given to any.

    None if fewer than ENOUGH of them have an estimate, or if the errors of the model are not known.
    """
    if estimator.method != CORRECTED or sum(visit.age is not None for visit in visits) < ENOUGH:
        return None
    shares = estimator.of_visits(visits)
    return shares if any(visit.gender for visit in visits) else replace(shares, genders=())


def shown_json(shares: Shares | None) -> dict[str, Any] | None:
    """Shares by band, of women and men, and by cell; None where there are none."""
    if shares is None:
        return None
    return {
        "method": shares.method,
        "level": LEVEL,
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
    """Shares of what grows: worked out anew when it has changed, but not more often than every AGAIN_S."""

    def __init__(self, settings: Settings, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._estimator: ShareEstimator | None = None
        self._made: tuple[Hashable, str, float] = (None, "", 0.0)
        self._latest: Shares | None = None

    def of(self, name: Hashable, version: str, visits: Sequence[Visit]) -> Shares | None:
        """As :func:`shown`, of ``visits``, which are all of ``name``; ``version`` changes whenever they do."""
        with self._lock:
            made, was, at_s = self._made
            fresh = self._latest is not None and self._clock_s() - at_s < AGAIN_S
            if made != name or (was != version and not fresh):
                self._latest = shown(visits, self._known())
                self._made = (name, version, self._clock_s())
            return self._latest

    def _known(self) -> ShareEstimator:
        if self._estimator is None:
            from edge.vision.bundle import load_bundle  # not before there is something to show

            try:
                card = load_bundle(self._settings.demographics.model).card
                self._estimator = ShareEstimator.of(card, self._settings.census)
            except MaitredError:
                # The agent, which needs the model, says what is wrong with it.
                self._estimator = ShareEstimator()
        return self._estimator


def _numbers(share: Share) -> dict[str, float]:
    return {name: round(getattr(share, name), 4) for name in ("share", "low", "high")}
