"""A store that may fail for a while: a full card, a file system that turned read-only, a database that broke."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edge.store.database import StoreError
from edge.store.store import Store

log = logging.getLogger(__name__)
RETRY_S = 5.0
TELL_S = 300.0
Result = TypeVar("Result")


class Keeper:
    """Opens the store, and opens it again after a failure; the caller keeps what could not be written meanwhile.

    Attributes:
        failures: how many attempts have failed so far.
        failure: why the last attempt failed, empty while all is well.

    Raises (when made):
        StoreError: the database cannot be opened: at the start somebody is there to hear it.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path, self._monotonic = path, monotonic
        self._store: Store | None = Store.open(path)
        self._again_s = self._told_s = -TELL_S
        self.failures, self.failure = 0, ""

    def do(self, work: Callable[[Store], Result]) -> Result | None:
        """What ``work`` returns, or None where the store fails, or has failed within the last seconds.

        What ``work`` does must be safe to repeat: it is one transaction, or several each of which may stay.
        """
        if self.failure and self._monotonic() < self._again_s:
            return None
        try:
            self._store = self._store or Store.open(self._path)
            result = work(self._store)
        except (sqlite3.DatabaseError, StoreError, OSError) as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # a mistake of ours, which no waiting mends
            self._failed(str(error))
            return None
        if self.failure:
            log.warning("%s: can be written again", self._path)
            self.failure = ""
        return result

    def close(self) -> None:
        """Close the connection."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _failed(self, why: str) -> None:
        now_s = self._monotonic()
        self.failures += 1
        self.failure = why
        self._again_s = now_s + RETRY_S
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            log.error("%s: cannot be written (%s); what is counted waits in memory", self._path, why)
        # A connection that has seen a broken file or a read-only one may not notice that it is whole again.
        try:
            self.close()
        except sqlite3.Error:
            self._store = None
