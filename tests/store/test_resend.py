"""`maitred resend`: refused events go back into the queue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.store import Store


@pytest.fixture
def config(tmp_path: Path, database: Path) -> Path:
    path = tmp_path / "maitred.toml"
    path.write_text(f"[store]\npath = {json.dumps(str(database))}\n")
    return path


def test_refused_events_are_queued_again(config: Path, store: Store, capsys: pytest.CaptureFixture[str]):
    for name in ("a", "b"):
        store.outbox.add(name, "{}", 1.0)
        store.outbox.mark_rejected(name, 2.0, "HTTP 422")
    assert main(["resend", "--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith("2 events are queued again")
    assert [event.id for event in store.outbox.next(9)] == ["a", "b"]
    assert store.outbox.dead_letters() == []


def test_a_missing_database_is_named_and_not_created(config: Path, database: Path, capsys):
    assert main(["resend", "--config", str(config)]) == 2
    assert f"{database}: no such database" in capsys.readouterr().err
    assert not database.exists()
