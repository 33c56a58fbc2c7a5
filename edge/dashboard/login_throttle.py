"""A limit on the rate of log-in attempts, for each address and for all addresses together."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

BURST, REFILL_S = 5, 60.0
"""How many attempts one address may make at once, and the seconds after which it may make one more."""
ALL_BURST, ALL_REFILL_S = 50, 6.0
"""The same for all addresses together: at most 14,400 guesses a day, however many addresses an attacker has."""
ADDRESSES = 1024
"""How many addresses are remembered; the one whose last attempt is the oldest is forgotten first."""


class LoginThrottle:
    """Token buckets. Each is stored as the moment at which it will be full again (the generic cell rate algorithm)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._all_full_at = 0.0

    def wait_s(self, address: str) -> float:
        """Use one attempt of ``address``: 0 if it is allowed, else the seconds after which it will be."""
        key, now = _key(address), self._clock()
        with self._lock:
            own, everybody = max(self._full_at.get(key, now), now), max(self._all_full_at, now)
            wait = max(own - now - (BURST - 1) * REFILL_S, everybody - now - (ALL_BURST - 1) * ALL_REFILL_S)
            if wait > 0:
                return wait
            self._full_at[key] = own + REFILL_S
            self._full_at.move_to_end(key)
            self._all_full_at = everybody + ALL_REFILL_S
            while len(self._full_at) > ADDRESSES:
                self._full_at.popitem(last=False)
        return 0.0

    def forgive(self, address: str) -> None:
        """Forget the failed attempts of ``address`` after a right password, and give that attempt back."""
        with self._lock:
            self._full_at.pop(_key(address), None)
            self._all_full_at -= ALL_REFILL_S

    def __len__(self) -> int:
        """Number of addresses that are remembered."""
        return len(self._full_at)


def _key(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        # Anyone who has one IPv6 address usually has the whole /64 network.
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
