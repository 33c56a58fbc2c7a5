"""``maitred provision`` on the command line: exit codes, what it prints, and files that are anything at all."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from edge import cli
from edge.config import parse_settings
from edge.provision.check import check
from edge.provision.secrets import SECRETS, Vault
from tests.provision.test_provision import FULL


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    boot, root = tmp_path / "boot", tmp_path / "root"
    boot.mkdir()
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nmaitred:x:990:991::/:/bin/false\n")
    (root / "etc/group").write_text("root:x:0:\nmaitred:x:991:\n")
    return boot, root


def provision(folders: tuple[Path, Path], *more: str) -> int:
    return cli.main(["provision", "--boot", str(folders[0]), "--root", str(folders[1]), *more])


def test_json_is_one_document_and_the_code_is_0(folders, capsys: pytest.CaptureFixture[str]):
    (folders[0] / "maitred.toml").write_text('[mqtt]\nhost = "b"\nusername = "u"\npassword = "geheim-1"\n')
    assert provision(folders, "--json") == 0
    told = capsys.readouterr().out
    document = json.loads(told)

    assert document["ok"] is True
    assert document["taken_over"] == ["mqtt.password"]
    assert document["problems"] == []
    assert "write /etc/maitred/mqtt.password" in document["changes"]
    assert "geheim" not in told
    assert provision(folders) == 0
    assert capsys.readouterr().out == "nothing to do\n"


def test_mistakes_in_the_file_end_with_code_2(folders, capsys: pytest.CaptureFixture[str]):
    (folders[0] / "maitred.toml").write_text("[site]\nname = Chez\n[camera]\nfps = 0\n")
    assert provision(folders, "--json") == 2
    told = capsys.readouterr()

    document = json.loads(told.out)
    assert [(problem["line"], problem["key"]) for problem in document["problems"]] == [(2, "name"), (4, "[camera] fps")]
    assert f"maitred: {folders[0]}/maitred.toml: line 2: name: text is written in straight quotes" in told.err


def test_a_fault_of_the_device_ends_with_code_1(folders, capsys: pytest.CaptureFixture[str]):
    (folders[0] / "maitred.toml").write_text('[site]\nname = "x"\n')
    assert provision(folders, "--state-mount") == 1
    assert "the card's data partition" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root looks for the users")
def test_a_step_that_fails_ends_with_code_1_and_the_others_are_done(folders, capsys: pytest.CaptureFixture[str]):
    (folders[1] / "etc/group").write_text("root:x:0:\n")
    assert provision(folders) == 1

    assert "there is no maitred in /etc/group; run: systemd-sysusers" in capsys.readouterr().err
    assert (folders[1] / "etc/hostname").read_text() == "maitred\n"


@pytest.mark.parametrize("option", ["--boot", "--root"])
def test_a_folder_that_is_not_there_is_bad_input(
    folders, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
):
    assert provision(folders, option, str(tmp_path / "nowhere")) == 2
    assert f"{option} {tmp_path}/nowhere: no such folder" in capsys.readouterr().err


CUTS = some.tuples(some.integers(0, len(FULL)), some.integers(0, 30), some.text(max_size=6))


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(some.lists(CUTS, max_size=3))
def test_any_file_is_refused_with_a_message_or_used_as_a_whole(cuts: list[tuple[int, int, str]]):
    text = FULL
    for at, length, put in cuts:
        text = text[:at] + put + text[at + length :]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        found = check(text, Vault(Path(folder)))
    if found.problems:
        assert all(str(problem).isprintable() for problem in found.problems)
        return
    written = tomllib.loads(tomli_w.dumps(found.agent))
    assert written == found.agent
    parse_settings(written, "maitred.toml")
    blanked = tomllib.loads(found.blanked.replace("\r\n", "\n").replace("\r", "\n"))
    assert not any(secret.value(blanked) for secret in SECRETS)
