"""Which module of maitred imports which, read from the source without running any of it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
TOP = ("edge", "convert", "training", "cloud")
"""The packages of maitred that are installed."""
NESTED = frozenset(top for top in TOP if any((ROOT / top).glob("*/__init__.py")))
"""Those whose modules are in packages of their own."""
When = Literal["start", "later", "types"]


@dataclass(frozen=True, order=True)
class Import:
    """One module names another.

    Attributes:
        importer: dotted name of the module that has the import.
        imported: dotted name of the module that is imported; of ours or of others.
        line: where it stands, counted from 1.
        when: ``start`` if it happens as the importer is imported, ``later`` if inside a function or by name
            (``import_module``), ``types`` if only a type checker ever sees it.
    """

    importer: str
    imported: str
    line: int
    when: When


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Dotted name -> file of every module in the installed packages; a package goes by its own name."""
    found = {}
    for top in TOP:
        for path in sorted((root / top).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def read_imports(files: dict[str, Path]) -> list[Import]:
    """Every import in these modules, sorted; of our own modules and of other people's."""
    return sorted({each for name, path in files.items() for each in _Reader(name, path, files).read()})


def package_of(module: str) -> str:
    """The box of a module in the picture: ``edge.vision`` for ``edge.vision.card``, ``convert`` for ``convert.macs``.

    A module that stands directly in a folder with sub-packages is a box of its own: ``edge.errors``, ``training.cli``.
    """
    top, *below = module.split(".")
    return f"{top}.{below[0]}" if below and top in NESTED else top


def between_packages(imports: Iterable[Import]) -> dict[tuple[str, str], list[Import]]:
    """(importing package, imported package) -> the imports behind that arrow, for our own packages alone."""
    arrows: dict[tuple[str, str], list[Import]] = {}
    for each in imports:
        if each.imported.partition(".")[0] in TOP:
            ends = package_of(each.importer), package_of(each.imported)
            if ends[0] != ends[1]:
                arrows.setdefault(ends, []).append(each)
    return arrows


def circles(arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of nodes that reach each other along the arrows, each sorted; Tarjan's algorithm."""
    onward: dict[str, list[str]] = {}
    for start, end in arrows:
        onward.setdefault(start, []).append(end)
        onward.setdefault(end, [])
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for following in onward[node]:
            if following not in number:
                visit(following)
                lowest[node] = min(lowest[node], lowest[following])
            elif following in stack:
                lowest[node] = min(lowest[node], number[following])
        if lowest[node] == number[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(onward):
        if node not in number:
            visit(node)
    return sorted(found)


def entry_points(root: Path = ROOT) -> set[str]:
    """Modules that pyproject.toml names: commands and plug-ins, which are loaded by name."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
    return {value.partition(":")[0] for group in groups for value in group.values()}


class _Reader:
    """Walks one module's syntax tree and keeps in mind whether it is inside a function or ``if TYPE_CHECKING``."""

    def __init__(self, name: str, path: Path, known: dict[str, Path]) -> None:
        self._name = name
        self._package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        self._tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self._known = known

    def read(self) -> Iterator[Import]:
        yield from self._walk(self._tree, "start")
        yield from self._by_name()

    def _walk(self, node: ast.AST, when: When) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(self._name, alias.name, child.lineno, when)
            elif isinstance(child, ast.ImportFrom):
                yield from self._import_from(child, when)
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield from self._walk(child, "later" if when == "start" else when)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                for inner in child.body:
                    yield from self._walk(ast.Module([inner], []), "types")
                for inner in child.orelse:
                    yield from self._walk(ast.Module([inner], []), when)
            else:
                yield from self._walk(child, when)

    def _import_from(self, node: ast.ImportFrom, when: When) -> Iterator[Import]:
        source = node.module or ""
        if node.level:  # from . import x
            above = self._package.split(".")[: len(self._package.split(".")) - node.level + 1]
            source = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            inside = f"{source}.{alias.name}"
            yield Import(self._name, inside if inside in self._known else source, node.lineno, when)

    def _by_name(self) -> Iterator[Import]:
        # What import_module is given may come from a table: whichever of our modules such a module names, it may load.
        if "import_module" not in {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}:
            return
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for name in self._named(node.value.partition(":")[0]):
                    yield Import(self._name, name, node.lineno, "later")

    def _named(self, text: str) -> list[str]:
        package = text.removesuffix(".")
        if package not in self._known or "." not in text or package == self._name:
            return []
        inside = [name for name in self._known if name.rpartition(".")[0] == package]
        return [package, *inside] if text.endswith(".") else [package]  # f"edge.commands.{name}" may be any of them
