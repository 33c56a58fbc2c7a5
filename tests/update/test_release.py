"""Making keys: a pair, or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.update.keys import is_signed, read_signing_key, read_trusted, sign

RELEASE = Path(__file__).resolve().parents[2] / "firmware_config" / "release.py"


def keys(out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, RELEASE, "keys", "--out", out], capture_output=True, text=True, check=False)


def test_a_new_pair_of_keys_signs_and_is_trusted(tmp_path: Path):
    assert keys(tmp_path / "update").returncode == 0
    secret, public = tmp_path / "update.key", tmp_path / "update.pub"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert is_signed(b"content", sign(read_signing_key(secret), b"content"), read_trusted(public))


@pytest.mark.parametrize("ending", ["key", "pub"])
def test_neither_key_of_a_pair_is_replaced_or_written_alone(tmp_path: Path, ending: str):
    there = tmp_path / f"update.{ending}"
    there.write_text("of earlier releases")
    done = keys(tmp_path / "update")

    assert done.returncode == 2
    assert f"{there}: exists" in done.stderr
    assert there.read_text() == "of earlier releases"
    assert list(tmp_path.iterdir()) == [there]
