"""kill -9 at random moments of a real agent that counts the demo clip and sends over a bad line."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.counting.visit import Visit
from edge.demo import CLIP
from edge.store import Store
from tests.soak.flaky import Line, flaky_endpoint

SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
LEFT_OPEN = 4
"""Windows that each start finds open, as an agent leaves them that was killed: so each kill can hit a window's end."""
PATIENCE_S = 180
CONFIG = """[camera]
source = {clip}
loop = true
[census]
window_minutes = 1
min_cell = 1
[store]
path = {database}
[uplink]
url = {url}
secret_file = {secret}
timeout_s = 1
max_backoff_s = 1
batch = 7
"""


class Bench:
    """The device under test and what is known of it from outside."""

    def __init__(self, folder: Path, line: Line, seed: int) -> None:
        self.line = line
        self.folder = folder
        self.database = folder / "maitred.db"
        self.config = folder / "maitred.toml"
        self.dice = random.Random(seed)
        self.bodies: dict[str, str] = {}
        self.moments: Counter[str] = Counter()
        self.left_open = 0
        values = {"clip": CLIP, "database": self.database, "url": line.url, "secret": folder / "secret"}
        self.config.write_text(CONFIG.format(**{name: json.dumps(str(value)) for name, value in values.items()}))

    def start(self) -> subprocess.Popen[bytes]:
        """Start the agent, with its log in a file."""
        with (self.folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "edge.cli", "run", "--config", str(self.config)]
            return subprocess.Popen(command, stderr=log)

    @property
    def counting(self) -> bool:
        """Whether the agent that was started last has come to count."""
        return b"counting at" in (self.folder / "log").read_bytes()

    def leave_windows_open(self) -> None:
        """Visits of some past minutes that no window holds."""
        begun = time.time() // 60 * 60 - 20 * 86400
        with Store.open(self.database) as store:
            for _ in range(LEFT_OPEN):
                at = begun + 60 * self.left_open + 30
                store.record([Visit(at - 5, at, 9, 34.0, (28.0, 41.0), 0.8)] * self.dice.randint(1, 9), at)
                self.left_open += 1

    def kill_once(self) -> None:
        """One life of the agent, from its start to a random moment."""
        self.leave_windows_open()
        process = self.start()
        if self.dice.random() < 0.3:
            time.sleep(self.dice.uniform(0, 4))
        else:
            wait_for(lambda: self.counting or process.poll() is not None)
            time.sleep(self.dice.uniform(0, 2.5))
        self.moments["while it counted" if self.counting else "while it started"] += 1
        if process.poll() is not None:
            raise AssertionError(f"the agent ended by itself:\n{(self.folder / 'log').read_text()}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.look()

    def look(self) -> None:
        """The database is sound, and no event is another than it was."""
        with closing(sqlite3.connect(self.database)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if verdict != "ok":
                raise AssertionError(f"the database is damaged: {verdict}")
            for event_id, body in connection.execute("SELECT id, body FROM outbox"):
                if self.bodies.setdefault(event_id, body) != body:
                    raise AssertionError(f"event {event_id} was altered")

    def deliver_the_rest(self) -> None:
        """A last life without kills, on a good line."""
        self.line.faulty = False
        process = self.start()
        wait_for(lambda: self.counting and not self._one("SELECT count(*) FROM outbox"))
        process.send_signal(signal.SIGTERM)
        if process.wait(60) != 0:
            raise AssertionError("the agent did not end well")
        # The last window may have closed between the look at the queue and the end.
        left = self._one("SELECT count(*) FROM outbox")
        if left:
            self.deliver_the_rest()

    def verdict(self) -> dict[str, Any]:
        """What arrived against what the device has."""
        with closing(sqlite3.connect(self.database)) as connection:
            windows = Counter(
                (start, sum(n for *_, n in json.loads(counts)))
                for start, counts in connection.execute("SELECT start, counts FROM windows")
            )
            visits, held = connection.execute("SELECT count(*), count(window_id) FROM visits").fetchone()
            last = connection.execute('SELECT max("end") FROM windows').fetchone()[0]
            open_before = connection.execute(
                "SELECT count(*) FROM visits WHERE window_id IS NULL AND counted_at < ?", (last,)
            ).fetchone()[0]
        arrived = [json.loads(body) for body in self.line.archive.bodies()]
        received = Counter((_seconds(event["data"]["window"]["start"]), event["data"]["visits"]) for event in arrived)
        texts = dict(zip((event["id"] for event in arrived), self.line.archive.bodies(), strict=True))
        return {
            "windows": windows.total(),
            "events received": len(arrived),
            "windows lost": (windows - received).total(),
            "windows doubled": (received - windows).total(),
            "events altered": sum(texts.get(event_id) != body for event_id, body in self.bodies.items()),
            "visits stored": visits,
            "visits in windows": held,
            "visits told": sum(event["data"]["visits"] for event in arrived),
            "visits left out of closed windows": open_before,
        }

    def _one(self, query: str) -> Any:
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(query).fetchone()[0]


def wait_for(condition: Callable[[], object]) -> None:
    """Until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen")
        time.sleep(0.05)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def kills(count: int, seed: int, minutes: float, tell: Callable[[str], None]) -> dict[str, Any]:
    """Kill the agent ``count`` times, or for so many minutes; returns what was lost, doubled and altered."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="maitred-soak-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        secret = folder / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        with flaky_endpoint(folder / "census.db", secret, seed, hang_s=3.0) as line:
            bench = Bench(folder, line, seed)
            for number in range(count):
                if time.monotonic() - began > 60 * minutes:
                    break
                bench.kill_once()
                tell(f"kill {number + 1} of {count}; {line.archive.count()} events received")
            bench.deliver_the_rest()
            found = bench.verdict()
        found |= {
            "kills": bench.moments.total(),
            "moments": dict(bench.moments),
            "line": dict(sorted(line.counts.items())),
        }
    found["seconds"] = round(time.monotonic() - began)
    good = all(not found[key] for key in ("windows lost", "windows doubled", "events altered"))
    good = (
        good and found["visits told"] == found["visits in windows"] and not found["visits left out of closed windows"]
    )
    return {"passed": good, **found}
