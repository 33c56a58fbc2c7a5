"""``pytest --fast``: what is marked slow, browser or card is left out, and how much that is said at the end.

A file that is marked as a whole (``pytestmark = pytest.mark.slow``) is not imported: most of these bring TensorFlow.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MARKERS = ("slow", "browser", "card")
WHOLE_FILE = re.compile(rf"^pytestmark = .*pytest\.mark\.({'|'.join(MARKERS)})\b", re.MULTILINE)
__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_ignore_collect",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]
TESTS = pytest.StashKey[int]()
FILES = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help=f"leave out tests that are marked {', '.join(MARKERS)}")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TESTS] = config.stash[FILES] = 0


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if not config.getoption("fast") or not collection_path.match("test_*.py"):
        return None
    if WHOLE_FILE.search(collection_path.read_text(encoding="utf-8")) is None:
        return None
    config.stash[FILES] += 1
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("fast"):
        return
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in MARKERS)]
    config.stash[TESTS] = len(left_out)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # of pytest-xdist: the numbers are shown by another process
        session.config.workeroutput["left out"] = session.config.stash[TESTS], session.config.stash[FILES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """A worker of pytest-xdist ends; each of them has collected everything."""
    tests, files = getattr(node, "workeroutput", {}).get("left out", (0, 0))
    config = node.config  # type: ignore[attr-defined]
    config.stash[TESTS], config.stash[FILES] = tests, files


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("fast"):
        terminalreporter.write_line(
            f"--fast left out {config.stash[TESTS]} tests and another {config.stash[FILES]} files of tests that are "
            "slow or need a browser or a card; ./test.sh runs everything"
        )
