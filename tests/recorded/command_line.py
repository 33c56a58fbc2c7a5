"""maitred as a user runs it: processes of their own, in a folder of their own."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests import waiting

HERE = Path(__file__).resolve().parent
LAST_RELEASE = HERE / "last_release"
SHARED = HERE.parents[2] / "shared" / "data"
PATIENCE_S = 240.0


class NotHere(Exception):
    """Something that a part needs is not on this machine; the message names it."""


def shared(relative: str) -> Path:
    path = SHARED / relative
    if not path.exists():
        raise NotHere(f"needs the shared data (data/{relative}), which is not here")
    return path


def maitred(folder: Path, *words: str | Path, stdin: str = "") -> str:
    """Run a command to its end; returns what it printed."""
    command = [sys.executable, "-m", "edge.cli", *map(str, words)]
    done = subprocess.run(
        command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def maitred_json(folder: Path, *words: str | Path) -> Any:
    return json.loads(maitred(folder, *words, "--json"))


@contextmanager
def running(folder: Path, *words: str | Path, at: float | None = None, way: str = "going") -> Iterator[Path]:
    """A command that runs until it is told to stop, with its clock set to ``at`` if given. Yields its stderr's file."""
    clock = ["-m", "edge.cli"] if at is None else [str(HERE / "at_a_moment.py"), str(at), way]
    log = folder / f"{words[0]}.log"
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen([sys.executable, *clock, *map(str, words)], cwd=folder, stderr=stderr)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def until(condition: Callable[[], object], log: Path) -> None:
    """Wait until the condition holds; if it never does, fail with the last lines of a log."""
    try:
        waiting.until(condition, every_s=0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}; the log ends with: {log.read_text(encoding='utf-8')[-2000:]}") from error


def configuration(folder: Path, changes: Mapping[str, str]) -> Path:
    """The configuration of the last release with some of its lines replaced by what this machine needs."""
    text = (LAST_RELEASE / "maitred.toml").read_text(encoding="utf-8")
    for line, instead in changes.items():
        assert text.count(f"{line}\n") == 1, line
        text = text.replace(f"{line}\n", f"{instead}\n")
    path = folder / "maitred.toml"
    path.write_text(text, encoding="utf-8")
    return path


def secret(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)


def load_database(folder: Path) -> Path:
    """The database of the last release, as the SQLite file that it was."""
    path = folder / "maitred.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((LAST_RELEASE / "database.sql").read_text(encoding="utf-8"))
    return path


def forget_windows(database: Path) -> None:
    """As if the agent had been cut off before any window closed: all visits wait for their window, nothing is sent."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "UPDATE visits SET window_id = NULL; DELETE FROM windows; DELETE FROM outbox; DELETE FROM dead_letters;"
            " DELETE FROM facts WHERE name LIKE 'outbox%';"
        )


def all_delivered(database: Path, before: float) -> bool:
    """Whether every visit counted ``before`` is in a window, and no event waits."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        waiting = "SELECT count(*) FROM visits WHERE window_id IS NULL AND counted_at < ?"
        (open_visits,) = connection.execute(waiting, (before,)).fetchone()
        (queued,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
    return open_visits == queued == 0


def empty_room(folder: Path, frames: int = 8) -> Path:
    """A recording in which there is nobody: a folder of grey pictures."""
    room = folder / "empty-room"
    room.mkdir()
    for index in range(frames):
        (room / f"{index}.pgm").write_bytes(b"P5\n320 240\n255\n" + bytes([90 + index]) * (320 * 240))
    return room


class Endpoint:
    """Takes what the agent posts, and answers as ``answer`` says (from the number of posts before): 204 by default."""

    def __init__(self, answer: Callable[[int], int] = lambda _: 204) -> None:
        self.received: list[tuple[dict[str, str], str]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                body = gzip.decompress(data) if self.headers["Content-Encoding"] == "gzip" else data
                status = answer(len(endpoint.received))
                endpoint.received.append((dict(self.headers.items()), body.decode()))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Endpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1/windows"


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A Mosquitto of our own; yields its port."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin")
    if program is None:
        raise NotHere("needs Mosquitto (Debian: apt-get install mosquitto)")
    port = waiting.free_port()
    (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    with (folder / "mosquitto.log").open("w") as log:
        process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stderr=log)
    try:
        until(lambda: _answers(port), folder / "mosquitto.log")
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
