"""What the ARM64 script says where it can't work; that it works is .ci/arm64's to show."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "firmware_config" / "arm64" / "run.sh"
NEEDED_FIRST = ("sh", "id", "uname", "dirname", "sed", "cat")


def run(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | ({"PATH": path} if path else {})
    return subprocess.run([str(SCRIPT), *arguments], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gets as far as that")
def test_all_missing_tools_are_named_with_the_command_that_installs_them(tmp_path):
    for tool in NEEDED_FIRST:
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    done = run("--root", str(tmp_path / "root"), path=str(tmp_path))
    assert done.returncode == 1
    assert "on Debian: apt-get install mmdebstrap util-linux" in done.stderr
    assert not (tmp_path / "root").exists()


def test_an_unknown_processor_is_refused_with_a_list_of_known_ones():
    done = run("--cpu", "z80")
    assert done.returncode == 1
    assert "--cpu z80" in done.stderr
    assert "cortex-a72" in done.stderr
    assert "cortex-a76" in done.stderr


def test_an_unknown_option_is_answered_with_the_usage():
    done = run("--what")
    assert done.returncode == 2
    assert "--mirror URL" in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("script", [SCRIPT, SCRIPT.parents[2] / ".ci" / "arm64"], ids=lambda path: path.name)
def test_shellcheck_finds_nothing_in_the_scripts(script):
    done = subprocess.run(["shellcheck", "-x", str(script)], capture_output=True, text=True, cwd=SCRIPT.parents[2])
    assert done.returncode == 0, done.stdout
