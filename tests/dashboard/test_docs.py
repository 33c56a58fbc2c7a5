"""docs/dashboard.md holds what the code does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from edge.config import Settings
from edge.dashboard import create_app
from edge.store import Store

from .conftest import NOON

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "dashboard.md"


def first_cells(heading: str) -> list[list[str]]:
    """The code words in the first column of the first table under a heading, with those of the second."""
    section = re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    rows = [line.split("|")[1:3] for line in text.split("\n\n") for line in line.splitlines() if line.startswith("| `")]
    return [[*(re.findall(r"`([^`]+)`", cell) for cell in row)] for row in rows]  # type: ignore[misc]


def test_every_address_is_in_the_reference_and_no_other(settings: Settings):
    documented = {words[0] for words, _ in first_cells("HTTP reference") if words[0].startswith("/")}

    assert documented == {rule.rule for rule in create_app(settings).url_map.iter_rules()}


def test_every_parameter_in_the_reference_is_checked_where_it_says(client: FlaskClient):
    for (address, *_), parameters in first_cells("HTTP reference"):
        if address.startswith("/") and "<" not in address:
            refused = [name for name in ("day", "days", "from", "limit", "size", "to")
                       if client.get(address, query_string={name: "nonsense"}).status_code == 400]  # fmt: skip
            assert sorted(refused) == sorted(parameters), address


def test_every_metric_is_in_the_reference_and_no_other(at_the_door: Callable[[float], FlaskClient], lunch: Store):
    lunch.outbox.add("1", "{}", NOON)
    lunch.outbox.mark_delivered("1", NOON)
    documented = {word for words, _ in first_cells("Metrics") for word in words}

    assert documented == set(re.findall(r"^# TYPE (\S+)", at_the_door(NOON).get("/metrics").text, re.MULTILINE))
