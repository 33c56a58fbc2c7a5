"""Talking to systemd."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from edge.system.systemd import JournalFormatter, notify


@pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
def test_a_state_arrives_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool):
    name = f"maitred-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0{name}" if abstract else name)
        channel.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)

        notify("STATUS=3 patrons à table")

        assert channel.recv(4096).decode() == "STATUS=3 patrons à table"


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify"], ids=["not-set", "empty", "gone"])
def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str | None):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)

    notify("READY=1")


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        pytest.param(logging.CRITICAL, 3, id="critical"),
        pytest.param(logging.ERROR, 3, id="error"),
        pytest.param(logging.WARNING, 4, id="warning"),
        pytest.param(logging.INFO, 6, id="info"),
        pytest.param(logging.DEBUG, 7, id="debug"),
    ],
)
def test_the_journal_is_told_how_important_each_line_is(level: int, priority: int):
    record = logging.LogRecord("edge.agent.agent", level, "agent.py", 1, "counted %d\nand more", (3,), None)

    assert JournalFormatter("%(name)s: %(message)s").format(record) == (
        f"<{priority}>edge.agent.agent: counted 3\n<{priority}>and more"
    )
