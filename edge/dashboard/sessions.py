"""Sessions: random tokens that are held in memory only, so that everybody has to log in again after a restart."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

MOST = 64
"""How many sessions there may be at once; one more ends the oldest."""


class Sessions:
    """Sessions that last ``hours``. Digests of the tokens are stored, so that the time of a look-up reveals nothing."""

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
        """Whether the token belongs to a session that has not ended."""
        with self._lock:
            return self._ends.get(_digest(token), 0.0) > self._clock()

    def end(self, token: str) -> None:
        """End the session of ``token``, if there is one."""
        with self._lock:
            self._ends.pop(_digest(token), None)

    def __len__(self) -> int:
        """Number of sessions that are remembered."""
        return len(self._ends)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
