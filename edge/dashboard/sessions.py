"""Sessions: random tokens, kept in memory only. After a restart everybody has to log in again."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

MOST = 64
"""Sessions at once; one more ends the oldest."""


class Sessions:
    """Sessions that last ``hours``. Tokens are kept as digests, so that the time of a look-up gives nothing away."""

    def __init__(self, hours: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = round(hours * 3600)
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[bytes, float] = {}

    def begin(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._ends) >= MOST:
                del self._ends[next(iter(self._ends))]
            self._ends[_digest(token)] = self._clock() + self.seconds
        return token

    def holds(self, token: str) -> bool:
        """Whether the token is of a session that has not ended."""
        with self._lock:
            return self._ends.get(_digest(token), 0.0) > self._clock()

    def end(self, token: str) -> None:
        """End its session, if it is of one."""
        with self._lock:
            self._ends.pop(_digest(token), None)

    def __len__(self) -> int:
        """Sessions that are remembered."""
        return len(self._ends)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
