"""Who may reach what: the dashboard's user reads the database, and nothing more."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root, to become the users that the units name"
    ),
]

AGENT, DASHBOARD, GROUP = 64001, 64002, 64001
UMASK = 0o027

# Imports first: as an unprivileged user the interpreter's own files may be out of reach.
AS_USER = """
import os, sqlite3, sys
from pathlib import Path
from edge.store import Store
from edge.counting.visit import Visit
Store.open(Path(sys.argv[1]) / "warm-up.db").close()
os.setgroups([]); os.setgid({group}); os.setuid({user}); os.umask({umask})
path = Path(sys.argv[2])
"""
WRITE = """
store = Store.open(path)
store.record([Visit(1.0, 5.0, 9, 34.0, (28.0, 41.0), 0.8)], 5.0)
print("written", flush=True)
command = sys.stdin.readline()
if command.strip() == "close":
    store.close()
    print("closed", flush=True)
    sys.stdin.readline()
"""
READ = """
with Store.open(path, read_only=True) as store:
    print(len(store.visits.last(10)))
"""
TAMPER = """
for attempt in (
    lambda: Store.open(path).record([Visit(1.0, 2.0, 9)], 2.0),
    lambda: path.unlink(), lambda: path.open("r+b"),
    lambda: (path.parent / "new").touch(), lambda: Path(f"{path}-shm").open("r+b"),
):
    try:
        attempt()
    except (OSError, sqlite3.OperationalError) as error:
        print(type(error).__name__)
    else:
        print("DONE")
"""


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder with the owner and mode that the unit gives it, where other users can reach it at all."""
    with tempfile.TemporaryDirectory(prefix="maitred-test-") as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "state"
        folder.mkdir()
        os.chown(folder, AGENT, GROUP)
        folder.chmod(0o750)
        yield folder


def start(script: str, user: int, state: Path) -> subprocess.Popen[str]:
    code = AS_USER.format(user=user, group=GROUP, umask=UMASK) + script
    command = [sys.executable, "-c", code, str(state.parent), str(state / "maitred.db")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(script: str, user: int, state: Path) -> str:
    out, err = start(script, user, state).communicate(timeout=60)
    return out + err


@pytest.fixture
def agent(state: Path):
    """A process of the agent's user that has the database open."""
    process = start(WRITE, AGENT, state)
    assert process.stdout.readline() == "written\n", process.communicate()
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("ending", ["running", "killed", "ended"])
def test_the_dashboards_user_reads_the_database(agent: subprocess.Popen[str], state: Path, ending: str):
    if ending == "killed":
        agent.kill()
        agent.wait()
    elif ending == "ended":
        agent.stdin.write("close\n")
        agent.stdin.flush()
        assert agent.stdout.readline() == "closed\n"
    assert (state / "maitred.db-wal").exists() == (ending != "ended")

    assert run(READ, DASHBOARD, state) == "1\n"


def test_the_dashboards_user_changes_nothing(agent: subprocess.Popen[str], state: Path):
    told = run(TAMPER, DASHBOARD, state).split()

    assert told == ["OperationalError", *["PermissionError"] * 4]
    assert run(READ, AGENT, state) == "1\n"


def test_other_users_can_read_nothing(agent: subprocess.Popen[str], state: Path):
    assert {path.name for path in state.iterdir()} == {"maitred.db", "maitred.db-wal", "maitred.db-shm"}
    for path in (state, *state.iterdir()):
        assert not path.stat().st_mode & stat.S_IRWXO, path
