"""What .ci/ and the scripts beside it name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = [*sorted((ROOT / ".ci").iterdir()), ROOT / "test.sh", ROOT / "demo.sh"]
# A path from the root of the project, and perhaps a test in it: tests/store, tests/store/test_store.py::test_a_name
NAMED = re.compile(r"(?<![\w/.$}-])((?:tests|firmware_config|docs|edge|\.ci)/[\w./-]*\w)(?:::(\w+))?")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_paths_and_tests_that_a_script_names_exist(script: Path):
    named = NAMED.findall(script.read_text(encoding="utf-8"))

    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    assert [
        f"{path}::{name}"
        for path, name in named
        if name and f"\ndef {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ] == []


def test_the_list_of_tests_for_arm_is_read():
    named = NAMED.findall((ROOT / ".ci" / "arm64").read_text(encoding="utf-8"))

    assert ("tests/census/shares/test_shares.py", "") in named
    assert any(name for _, name in named)
