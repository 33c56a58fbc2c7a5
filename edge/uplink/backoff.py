"""Pauses between retries."""

from __future__ import annotations

from collections.abc import Callable

FIRST_S = 1.0


class Backoff:
    """Exponential backoff with full jitter: each pause is random below a bound that doubles from FIRST_S.

    The jitter keeps the devices of a chain from coming back all at once after the cloud was down.
    """

    def __init__(self, longest_s: float, random: Callable[[], float]) -> None:
        self._longest_s = longest_s
        self._random = random
        self._failures = 0

    def next(self, at_least_s: float = 0.0) -> float:
        """Seconds to wait after one more failure: ``at_least_s`` and the jitter, at most the longest pause."""
        bound = min(self._longest_s, FIRST_S * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return min(self._longest_s, at_least_s + self._random() * bound)

    def reset(self) -> None:
        """Begin again with short pauses."""
        self._failures = 0
