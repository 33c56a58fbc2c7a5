"""docs/adr: each decision in one short form, and all of them in the list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_its_three_parts_and_fits_on_a_page(record: Path):
    text = record.read_text(encoding="utf-8")

    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 45


def test_the_decisions_are_numbered_one_after_the_other_and_listed():
    index = (FOLDER / "index.md").read_text(encoding="utf-8")

    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
    for record in RECORDS:
        title = record.read_text(encoding="utf-8").splitlines()[0].partition(". ")[2]
        assert f"| {int(record.name[:4])} | [{title}]({record.name}) |" in index
