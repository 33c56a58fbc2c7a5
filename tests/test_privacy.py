"""No picture leaves RAM: what the agent leaves on disk and sends is looked at byte by byte."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.demo import CLIP
from edge.store import Store

pytestmark = pytest.mark.slow

SCHEMA = Path(__file__).resolve().parents[1] / "docs" / "schema" / "census-window-v1.json"
SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
PATIENCE_S = 60.0

# Long enough not to turn up by chance in a file of some megabytes.
PICTURES = re.compile(
    rb"\xff\xd8\xff[\xe0\xe1\xdb].{2,8}(JFIF|Exif|\x00\x43\x00)|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF.{4}(WEBP|AVI )"
    rb"|ftyp(isom|mp4|avif|heic)|\x93NUMPY|\A(BM.{4}\x00\x00\x00\x00|II\*\x00|MM\x00\*|P[1-6]\s)|\x1aE\xdf\xa3",
    re.DOTALL,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "privacy.md"
COLUMNS = {
    table: set(re.findall(r"`(\w+)`", columns))
    for table, columns in re.findall(r"^\| `(\w+)` \| (.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
}
"""The columns of each table, as docs/privacy.md tells them."""
LONGEST_TEXT = 8192
"""Characters; the longest text kept is an event. A crop of 64 x 64 pixels is more, in whatever notation."""


def picture() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 255, (64, 64, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff", ".ppm"])
def test_the_search_knows_a_picture_when_it_sees_one(suffix: str):
    encoded = cv2.imencode(suffix, picture())[1].tobytes()

    assert PICTURES.search(encoded)


def test_the_search_knows_an_array_and_a_clip_when_it_sees_one():
    array = io.BytesIO()
    np.save(array, picture())

    assert PICTURES.search(array.getvalue())
    assert PICTURES.search(CLIP.read_bytes())


class Home:
    """A device in a folder: configuration, database, home and temporary folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.database = folder / "state" / "maitred.db"
        for name in ("home", "tmp", "state", "work"):
            (folder / name).mkdir(parents=True)
        secret = folder / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.config = folder / "maitred.toml"
        self.config.write_text(
            f"[camera]\nsource = {json.dumps(str(CLIP))}\nloop = true\n[census]\nmin_cell = 1\n"
            f"[store]\npath = {json.dumps(str(self.database))}\n"
            f"[uplink]\nurl = 'http://127.0.0.1:{port}/windows'\nsecret_file = {json.dumps(str(secret))}\n"
        )
        Store.open(self.database).close()
        self.given = set(self.files())
        self.open_for_writing: set[str] = set()

    def files(self) -> Iterator[Path]:
        return (path for path in self.folder.rglob("*") if path.is_file())

    def run_until(self, condition: Callable[[], object]) -> None:
        """Run the agent until the condition holds, then stop it, noting the files it has open for writing meanwhile."""
        folders = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        settings = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}  # the second one as in the unit
        with (self.folder.parent / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "edge.cli", "run", "--config", self.config],
                cwd=self.folder / "work", env=folders | settings, stderr=log,
            )  # fmt: skip
        try:
            began, deadline = time.time(), time.monotonic() + PATIENCE_S
            while not (self.beaten_since(began) and condition()):
                assert process.poll() is None, "the agent ended early"
                assert time.monotonic() < deadline, "did not happen"
                self.open_for_writing |= written_by(process.pid)
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
            process.wait()

    def beaten_since(self, began: float) -> bool:
        """Whether the agent that was started then has come to work: before, a signal would just kill it."""
        return bool(self.query(f"SELECT 1 FROM facts WHERE name = 'health' AND at > {began}"))

    def query(self, text: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            return connection.execute(text).fetchall()


def written_by(pid: int) -> set[str]:
    """Regular files that a process has open for writing (Linux)."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = entry.readlink()
            flags = Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().split("flags:")[1].split()[0]
        except OSError:  # closed meanwhile
            continue
        if target.is_file() and int(flags, 8) & (os.O_WRONLY | os.O_RDWR):
            found.add(str(target))
    return found


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    return []


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> Iterator[Home]:
    """A device on which patrons were counted and a window was sent to an endpoint on loopback."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(sent) if self.headers["Content-Encoding"] == "gzip" else sent)
            # The first event becomes a dead letter, the next one stays in the outbox: then no table is empty.
            self.send_response(422 if bodies[-1] == bodies[0] else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = Home(tmp_path_factory.mktemp("privacy") / "device", server.server_address[1])
    home.run_until(lambda: home.query("SELECT count(*) FROM visits")[0][0])
    for answered in ("SELECT 1 FROM dead_letters", "SELECT 1 FROM outbox WHERE attempts > 0"):
        # So that the next start closes their window.
        home.query("UPDATE visits SET counted_at = counted_at - 86400, window_id = NULL")
        home.run_until(lambda wanted=answered: home.query(wanted))
    yield home
    server.shutdown()
    server.server_close()


def test_the_database_is_all_that_the_agent_writes(used: Home):
    database = str(used.database)
    allowed = {database, f"{database}-wal", f"{database}-shm"}

    assert {str(path) for path in used.files()} - {str(path) for path in used.given} <= allowed
    assert database in used.open_for_writing
    assert used.open_for_writing - {str(used.folder.parent / "log")} <= allowed


def test_no_file_holds_a_picture(used: Home):
    for path in [*used.files(), used.folder.parent / "log"]:
        assert not PICTURES.search(path.read_bytes()), path


def test_the_database_has_the_documented_columns_only(used: Home):
    tables = {name for (name,) in used.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables -= {"sqlite_sequence"}

    assert set(COLUMNS) == {"visits", "windows", "outbox", "dead_letters", "facts"}
    assert {t: {row[1] for row in used.query(f"PRAGMA table_info({t})")} for t in tables} == COLUMNS


def test_the_database_holds_numbers_and_short_texts_only(used: Home):
    assert used.query("SELECT count(*) FROM visits WHERE age IS NOT NULL")[0][0] > 0
    for table, columns in COLUMNS.items():
        rows = used.query(f"SELECT * FROM {table}")
        assert rows, f"{table} is empty: nothing was looked at"
        values = {value for row in rows for value in row if value is not None}
        assert {type(value) for value in values} <= {int, float, str}, columns
        assert all(len(value) < LONGEST_TEXT for value in values if isinstance(value, str))


def test_only_documented_members_are_sent(used: Home, bodies: list[bytes]):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))

    for body in bodies:
        assert len(body) < LONGEST_TEXT
        assert not PICTURES.search(body)
        event = json.loads(body)
        assert event["data"]["visits"] > 0
        assert list(undocumented(event, schema, schema)) == []


def test_an_undocumented_member_would_be_noticed(used: Home, bodies: list[bytes]):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    event = json.loads(bodies[0])
    event["data"]["counts"][0]["embedding"] = [0.1, 0.2]

    assert list(undocumented(event, schema, schema)) == ["/data/counts/0/embedding"]


def undocumented(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> Iterator[str]:
    """Members that the schema does not name. (It allows them, for receivers' sake; the device shall send none.)"""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in schema.get("properties", {}):
                yield from undocumented(inner, schema["properties"][key], root, f"{at}/{key}")
            else:
                yield f"{at}/{key}"
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from undocumented(inner, schema.get("items", {}), root, f"{at}/{index}")
