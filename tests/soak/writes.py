"""What busy hours cost the card: bytes written by a real database with a real recorder, by the kernel's own count."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

from edge.agent.visit_recorder import VisitRecorder
from edge.agent.window_closer import WindowCloser
from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.counting.visit import Visit
from edge.store import Store
from edge.uplink import ModelIdentity, census_event

HOURS, VISITS = 10, 600
LIMIT_MB = 2.0
TICK_S = 1.0


def written() -> tuple[int, int]:
    """Bytes given to write calls, and bytes of pages that go to a disk, by this process so far."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["wchar"]), int(lines["write_bytes"])


def busy_hours(seed: int, folder: str | None = None) -> dict[str, Any]:
    """HOURS hours of VISITS visits each, with their windows, events and deliveries, in a hurry.

    Time is simulated; each write waits for the disk as it would on a device, so no two of them become one.
    """
    dice, start = random.Random(seed), 1_790_000_000.0 // 3600 * 3600
    with tempfile.TemporaryDirectory(prefix="maitred-writes-", dir=folder) as name:
        path = Path(name) / "maitred.db"
        settings = parse_settings({"store": {"path": path}, "census": {"min_cell": 1}}, "soak")
        model = ModelIdentity("mobile", "1.0.0", "0" * 64)

        def event_of(window: Window) -> tuple[str, str]:
            return census_event(window, settings, model, "synchronised")

        with Store.open(path) as store:
            recorder = VisitRecorder(settings.store, store, WindowCloser(settings.census, event_of))
            arrivals = sorted(dice.uniform(0, 3600 * HOURS) for _ in range(HOURS * VISITS))
            before, now = written(), start
            while now < start + 3600 * HOURS:
                now += TICK_S
                while arrivals and start + arrivals[0] <= now:
                    at, age = start + arrivals.pop(0), dice.uniform(5, 80)
                    visit = Visit(at - 6, at, 20, age, (age - 6, age + 7), dice.random(), "in")
                    recorder.record([visit], at)
                if recorder.tick(now, now, Traffic(int(now - start) * 15)):
                    for event in store.outbox.next(9):
                        store.outbox.mark_delivered(event.id, now)
            recorder.tick(now, now, Traffic(), last=True)
            stored = len(store.visits.between(0, 1e12))
        after = written()
        kind = os.statvfs(name).f_bsize
    handed, pages = ((after[index] - before[index]) / HOURS / 1e6 for index in (0, 1))
    return {
        "passed": stored == HOURS * VISITS and max(handed, pages) < LIMIT_MB,
        "visits an hour": VISITS,
        "hours": HOURS,
        "MB an hour handed to the kernel": round(handed, 2),
        "MB an hour of pages written": round(pages, 2),
        "limit": LIMIT_MB,
        "block size": kind,
    }
