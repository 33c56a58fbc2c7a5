"""Shared fixtures: real files in a temporary folder, the shared data where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.store import Store

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "maitred.db"


@pytest.fixture
def store(database: Path):
    with Store.open(database) as opened:
        yield opened


def shared(relative: str) -> Path:
    """A file or folder of the team's shared data; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"needs the shared data ({relative}), which is not here")
    return path


@pytest.fixture
def utkface() -> Path:
    return shared("data/utkface")


@pytest.fixture
def clips() -> Path:
    return shared("data/clips")
