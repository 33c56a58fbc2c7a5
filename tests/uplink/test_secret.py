"""The secret file: what is accepted, and that no message gives it away."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from edge.errors import BadInput
from edge.uplink.secret import read_secrets, secret_path


def coded(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(length))).decode()


def write(folder: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "uplink.secret"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [coded(24), coded(32) + "\n", f"  {coded(64)}\r\n"])
def test_a_secret_of_any_allowed_length_is_read(tmp_path: Path, content: str):
    (secret,) = read_secrets(write(tmp_path, content))
    assert secret == bytes(range(len(secret)))


def test_several_secrets_are_read_in_their_order(tmp_path: Path):
    content = f"# since May\n{coded(32)}\n\n# until then\n{coded(24)}\n"
    assert [len(secret) for secret in read_secrets(write(tmp_path, content))] == [32, 24]


def test_more_secrets_than_can_be_meant_are_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="holds 5 secrets; at most 4"):
        read_secrets(write(tmp_path, "\n".join(coded(24 + number) for number in range(5))))


def test_without_a_file_the_secret_is_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # systemd shows the access list that lets the service in as permissions of the group.
    credential = write(tmp_path, coded(32), 0o440).rename(tmp_path / "uplink-secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret_path(None) == credential
    assert len(read_secrets(secret_path(None))) == 1
    assert secret_path(Path("/etc/other")) == Path("/etc/other")


@pytest.mark.parametrize("folder", [None, "/nowhere"])
def test_without_file_and_credential_both_are_named(folder: str | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    if folder:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", folder)
    with pytest.raises(BadInput, match=r"secret_file is not set.*credential uplink-secret"):
        secret_path(None)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_modes_that_leave_others_out_are_accepted(tmp_path: Path, mode: int):
    read_secrets(write(tmp_path, coded(32), mode))


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o622, 0o601])
def test_a_file_that_others_can_reach_is_refused_with_the_way_out(tmp_path: Path, mode: int):
    path = write(tmp_path, coded(32), mode)
    with pytest.raises(BadInput, match=re.escape(f"chmod 600 {path}")):
        read_secrets(path)


def test_a_missing_file_is_named_with_the_way_out(tmp_path: Path):
    with pytest.raises(BadInput, match=r"nowhere: no such file.*whsec_"):
        read_secrets(tmp_path / "nowhere")


def test_a_folder_is_no_secret_file(tmp_path: Path):
    with pytest.raises(BadInput, match="cannot read the signing secret"):
        read_secrets(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" \n", "empty", id="blank"),
        pytest.param("# none yet\n", "empty", id="comments alone"),
        pytest.param(coded(32).removeprefix("whsec_"), "expected one a line, whsec_", id="no prefix"),
        pytest.param("whsec_", "expected one a line", id="prefix alone"),
        pytest.param("whsec_hunter2!hunter2!hunter2!hunter2!", "expected one a line", id="not base64"),
        pytest.param(coded(32)[:-1], "expected one a line", id="cut"),
        pytest.param(coded(32) + "\n" + coded(33)[:-1], "expected one a line", id="second cut"),
        pytest.param(coded(23), "this one has 23 bytes", id="short"),
        pytest.param(coded(65), "this one has 65 bytes", id="long"),
        pytest.param(b"whsec_\xff\xfe" * 8, "expected one a line", id="not text"),
    ],
)
def test_a_malformed_secret_is_refused_without_being_shown(tmp_path: Path, content: str | bytes, message: str):
    path = write(tmp_path, content)
    with pytest.raises(BadInput, match=message) as caught:
        read_secrets(path)
    assert str(path) in str(caught.value)
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    hidden = text.strip().removeprefix("whsec_")
    assert not hidden or hidden not in str(caught.value)
    assert caught.value.__cause__ is None
