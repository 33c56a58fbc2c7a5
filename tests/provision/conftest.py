"""What all tests of provisioning have in common."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls a plug here. That files are brought to the disk, and when, has a test of its own."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
