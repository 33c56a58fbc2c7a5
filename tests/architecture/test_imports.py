"""The reader of imports and the picture that is drawn from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.imports import circles, modules, read_imports
from tests.architecture.picture import draw, without_implied


@pytest.fixture
def house(tmp_path: Path):
    """Write modules of a small ``edge`` and give back what each of them imports, and when."""

    def write(**sources: str) -> list[tuple[str, str, str]]:
        for name, source in {"edge.__init__": "", "edge.low.__init__": "", "edge.low.deep": "", **sources}.items():
            path = tmp_path / f"{name.replace('.', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        found = read_imports(modules(tmp_path))
        return [(each.importer, each.imported, each.when) for each in found if each.imported.startswith("edge.")]

    return write


@pytest.mark.parametrize(
    ("source", "imported", "when"),
    [
        pytest.param("import edge.low.deep", "edge.low.deep", "start", id="a-module"),
        pytest.param("from edge.low import deep", "edge.low.deep", "start", id="a-module-out-of-its-package"),
        pytest.param("from edge.low.deep import thing", "edge.low.deep", "start", id="a-name-out-of-a-module"),
        pytest.param("from .low import deep", "edge.low.deep", "start", id="relative"),
        pytest.param("from . import low", "edge.low", "start", id="relative-of-the-package-itself"),
        pytest.param("try:\n    import edge.low\nexcept ImportError:\n    pass", "edge.low", "start", id="in-a-try"),
        pytest.param("def f():\n    from edge import low", "edge.low", "later", id="in-a-function"),
        pytest.param(
            "class A:\n    async def f(self):\n        import edge.low", "edge.low", "later", id="in-a-method"
        ),
        pytest.param("if TYPE_CHECKING:\n    import edge.low", "edge.low", "types", id="for-types-alone"),
        pytest.param("if typing.TYPE_CHECKING:\n    import edge.low", "edge.low", "types", id="for-types-spelt-out"),
        pytest.param(
            "if TYPE_CHECKING:\n    pass\nelse:\n    import edge.low",
            "edge.low",
            "start",
            id="what-runs-instead-of-types",
        ),
        pytest.param(
            "T = {'a': 'edge.low.deep:a'}\nimport_module(T[x])", "edge.low.deep", "later", id="by-a-table-of-names"
        ),
    ],
)
def test_an_import_is_found_wherever_it_stands(house, source: str, imported: str, when: str):
    assert house(**{"edge.high": source}) == [("edge.high", imported, when)]


def test_a_module_that_is_loaded_by_a_name_put_together_may_be_any_of_its_package(house):
    found = house(**{"edge.high": "import_module(f'edge.low.{name}')"})

    assert found == [("edge.high", "edge.low", "later"), ("edge.high", "edge.low.deep", "later")]


def test_a_name_in_a_text_is_no_import(house):
    assert house(**{"edge.high": "'edge.low.deep'"}) == []


def test_circles_are_found_and_ways_back_and_forth_are_not_confused_with_them():
    assert circles([("a", "b"), ("b", "c"), ("a", "c")]) == []
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "f"), ("f", "e")]) == [
        ["a", "b", "c"],
        ["e", "f"],
    ]


def test_an_arrow_that_follows_from_others_is_not_drawn():
    assert without_implied([("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")]) == [("a", "b"), ("a", "d"), ("b", "c")]


def test_what_is_imported_when_needed_looks_different():
    ends = ("edge.cli", "edge.commands")

    assert len({draw({ends: when}) for when in ("start", "later", "types")}) == 3
