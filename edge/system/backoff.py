"""Pauses between attempts."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Exponential backoff with jitter: the bound of the pause doubles with each failure, and a share of it is random.

    The jitter prevents that all devices of a chain come back at once when the cloud, or a camera's network, was down.
    """

    def __init__(
        self, longest_s: float, random: Callable[[], float], *, first_s: float = 1.0, jitter: float = 1.0
    ) -> None:
        """Begin with the shortest pause.

        Args:
            longest_s: no pause is longer, in seconds.
            random: uniform in 0..1.
            first_s: bound of the first pause, in seconds.
            jitter: share of the bound that is random, 0..1. With 1 ("full jitter") a pause is anything below the bound.
        """
        self._longest_s = longest_s
        self._random = random
        self._first_s = first_s
        self._jitter = jitter
        self._failures = 0

    @property
    def failures(self) -> int:
        """Failures in a row so far."""
        return self._failures

    def next(self, at_least_s: float = 0.0) -> float:
        """Seconds to wait after one more failure: ``at_least_s`` and the pause, together at most the longest one."""
        bound = min(self._longest_s, self._first_s * 2.0 ** min(self._failures, 64))
        self._failures += 1
        return min(self._longest_s, at_least_s + bound * (1.0 - self._jitter + self._jitter * self._random()))

    def reset(self) -> None:
        """Begin again with short pauses."""
        self._failures = 0
