"""The glossary explains words that exist in the code, and all that the public API offers."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import edge

DOCS = Path(__file__).resolve().parents[2] / "docs"
ENTRY = re.compile(r"^\*\*(?P<term>[^*]+)\*\*(?: \((?P<names>`[^)]+`)\))?: (?P<text>\S.*)", re.MULTILINE)
ENTRIES = list(ENTRY.finditer((DOCS / "glossary.md").read_text(encoding="utf-8")))
NAMES = [name for entry in ENTRIES for name in re.findall(r"`([\w.]+)`", entry["names"] or "")]


@pytest.mark.parametrize(
    "name",
    # What trains and converts brings TensorFlow.
    [
        pytest.param(name, marks=pytest.mark.slow if name.startswith(("convert", "training")) else ())
        for name in sorted(set(NAMES))
    ],
)
def test_a_name_in_the_glossary_exists_in_the_code(name: str):
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(module), attribute)


def test_all_that_the_package_offers_is_explained():
    assert set(edge.__all__) <= {name.rpartition(".")[2] for name in NAMES}


def test_every_paragraph_of_the_glossary_is_an_entry():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    assert len(ENTRIES) == sum(paragraph.startswith("**") for paragraph in text.split("\n\n"))


def test_the_entries_are_in_alphabetical_order():
    terms = [entry["term"].lower() for entry in ENTRIES]
    assert terms == sorted(terms)


def test_no_word_is_explained_twice():
    terms = [entry["term"].lower() for entry in ENTRIES]
    assert len(terms) == len(set(terms))
