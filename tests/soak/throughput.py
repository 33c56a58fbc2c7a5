"""How long a long queue takes to a local receiver, a process of its own."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cloud.receiver.archive import Archive
from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.config.uplink import Uplink
from edge.store import Store
from edge.uplink import ModelIdentity, OutboxWorker, census_event
from edge.uplink.https import HttpsSink
from tests.soak.kills import SECRET, wait_for

LIMIT_S = 60.0


def queue_of(count: int) -> dict[str, Any]:
    """Deliver ``count`` windows that were queued."""
    with tempfile.TemporaryDirectory(prefix="maitred-queue-") as name:
        folder = Path(name)
        secret, log = folder / "secret", folder / "log"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        _queue(folder / "maitred.db", count)
        command = [sys.executable, "-m", "edge.cli", "receive", "--port", "0", "--secret-file", str(secret)]
        with log.open("wb") as stderr:
            receiver = subprocess.Popen([*command, "--database", str(folder / "census.db")], stderr=stderr)
        try:
            wait_for(lambda: b"receiving at" in log.read_bytes())
            url = re.search(rb"receiving at (\S+)", log.read_bytes())
            sink = HttpsSink(Uplink(url=url[1].decode(), secret_file=secret))  # type: ignore[index]
            worker = OutboxWorker(sink, folder / "maitred.db", name="https")
            began, used = time.monotonic(), time.process_time()
            with Store.open(folder / "maitred.db") as store:
                worker.start()
                wait_for(lambda: not store.outbox.state().queued)
                seconds, used = time.monotonic() - began, time.process_time() - used
                state = store.outbox.state()
            worker.stop()
        finally:
            receiver.terminate()
            receiver.wait(30)
            served = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        received = [json.loads(body)["time"] for body in Archive.open(str(folder / "census.db")).bodies()]
    good = len(received) == len(set(received)) == state.delivered == count
    return {
        "passed": good and seconds < LIMIT_S,
        "windows": count,
        "seconds": round(seconds, 1),
        "limit": LIMIT_S,
        "processor seconds of the worker": round(used, 1),
        "processor seconds of the receiver": round(served, 1),
        "machine's load": round(os.getloadavg()[0], 1),
    }


def _queue(database: Path, count: int) -> None:
    settings, model = parse_settings({}, "soak"), ModelIdentity("mobile", "1.0.0", "0" * 64)
    counts = {("25-34", "female"): 14, ("25-34", "male"): 11, ("35-44", "female"): 8, ("35-44", "male"): 12}
    with Store.open(database) as store, store.transaction():
        for number in range(count):
            window = Window(3600.0 * number, 3600.0 * (number + 1), counts, 40, 5, (1.0, 2.0, 3.0), Traffic(9000, 7))
            store.outbox.add(*census_event(window, settings, model), at=window.end)
