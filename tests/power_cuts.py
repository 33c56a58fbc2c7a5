"""The power goes at a change of the disk, and what was not brought to the disk by then is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

CHANGES = ("fsync", "replace", "unlink", "symlink", "mkdir", "fchmod")
"""Calls that change the disk."""


class PowerCut(BaseException):
    """Not an Exception: nothing between here and the test may catch it."""


def cut_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first ``number`` calls that change the disk succeed; at the next one the power goes.

    A file that is renamed before its content was synced is empty afterwards, as it may be on a real disk.
    """
    count = 0
    synced: set[int] = set()

    def counted(name: str, real: Callable) -> Callable:
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count > number:
                raise PowerCut
            if name == "fsync":
                synced.add(os.fstat(arguments[0]).st_ino)
            if name == "replace":
                renamed = Path(arguments[0])
                if not renamed.is_symlink() and renamed.stat().st_ino not in synced:
                    os.truncate(renamed, 0)
            return real(*arguments, **options)

        return call

    for name in CHANGES:
        monkeypatch.setattr(os, name, counted(name, getattr(os, name)))
