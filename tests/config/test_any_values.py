"""Whatever a configuration holds: settings within their bounds, or bad input that is told in a few lines."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from edge.config import Settings, parse_settings
from edge.errors import BadInput

pytestmark = pytest.mark.slow

SECTIONS = {name: list(about.annotation.model_fields) for name, about in Settings.model_fields.items()}
SCALARS = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=30),
    some.sampled_from(["", ".", "/", "/dev/null", "a\0b", "https://[::1", "Europe/Paris", "../../etc/passwd", "1e3"]),
)  # fmt: skip
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=3)
)


def section(name: str) -> some.SearchStrategy[Any]:
    keys = some.sampled_from(SECTIONS[name]) | some.text(max_size=12)
    return some.dictionaries(keys, VALUES, max_size=4) | VALUES


CONFIGURATIONS = some.fixed_dictionaries(
    {}, optional={name: section(name) for name in SECTIONS} | {"": VALUES, "sité": VALUES}
)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(CONFIGURATIONS)
@example({"camera": {"fps": math.nan}})
@example({"store": {"path": "a\0b"}})
@example({"site": {"timezone": "\ud800"}})
@example({f"k{number}": number for number in range(10_000)})
@example({"x" * 1_000_000: {}})
@example({"uplink": {"url": "https://[::1", "secret_file": "s"}})
@example({"uplink": {"url": "https://a:b", "secret_file": "s"}})
def test_settings_are_within_bounds_or_refused(values: dict[str, Any]):
    try:
        found = parse_settings(values, "maitred.toml")
    except BadInput as error:
        told = str(error)
        assert told.startswith("maitred.toml: ")
        assert len(told) < 20_000
        assert all(line.isprintable() for line in told.split("\n"))
        return
    urlsplit(found.uplink.url).port  # noqa: B018 (raises where doctor and dashboard would)
    for name in SECTIONS:
        for key, value in getattr(found, name):
            assert not isinstance(value, float) or math.isfinite(value), (name, key)
            assert not isinstance(value, str) or value.isprintable(), (name, key)
