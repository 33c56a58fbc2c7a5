"""The plug is pulled while visits are counted and windows are sent; nothing that was closed is lost or told twice."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from tests.card.clip import one_patron
from tests.card.device import HERE, Device
from tests.soak.flaky import flaky_endpoint

pytestmark = pytest.mark.card

SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
CUTS = int(os.environ.get("MAITRED_CARD_CUTS", "20"))
COUNTED = """
[census]
window_minutes = 1
min_cell = 1

[uplink]
url = "http://{host}:{port}/events"
secret = "{secret}"
timeout_s = 20
max_backoff_s = 2
"""


def test_no_closed_window_is_lost_or_doubled_by_power_cuts(image: Path, settings: str, key: Path, tmp_path: Path):
    dice = random.Random(CUTS)
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    with flaky_endpoint(tmp_path / "census.db", secret, seed=CUTS, hang_s=3.0) as line:
        # The line fails at random while the plug is pulled, too.
        port = int(line.url.split(":")[2].split("/")[0])
        text = settings + COUNTED.format(host=HERE, port=port, secret=SECRET)
        with Device(image, tmp_path / "device", text, key) as device:
            device.start().wait_healthy()
            device.show(one_patron(tmp_path / "one.mp4"))
            device.pull_the_plug()
            known: set[tuple[float, int]] = set()
            for number in range(CUTS):
                device.start().wait_healthy()
                device.wait_ssh()
                # Every other life lasts until somebody was counted.
                if number % 2 == 0:
                    before = device.database()["visits"]
                    device.wait("a visit", lambda before=before: device.database()["visits"] > before)
                time.sleep(dice.uniform(0, 40))
                seen = device.database()
                assert seen["check"] == "ok", f"cut {number}: the database is damaged"
                now = {(start, sum(n for *_, n in json.loads(counts))) for start, counts in seen["windows"]}
                assert known <= now, f"cut {number}: windows that were closed are gone: {known - now}"
                known = now
                time.sleep(dice.uniform(0, 20))
                device.pull_the_plug()
                # One life in three is cut off while it starts: the next one, right after power comes back.
                if dice.random() < 0.33:
                    device.start()
                    time.sleep(dice.uniform(3, 60))
                    device.pull_the_plug()
            line.faulty = False
            device.start().wait_healthy()
            device.wait_ssh()
            device.run("systemctl stop agent", timeout_s=900)  # whoever is in view is counted
            device.run("systemctl start agent")
            device.wait("empty outbox", lambda: device.database()["outbox"] == 0)
            device.run("systemctl stop agent", timeout_s=900)
            last = device.database()
            bodies = [json.loads(body) for body in line.archive.bodies()]
        told = Counter(
            (datetime.fromisoformat(b["data"]["window"]["start"]).timestamp(), b["data"]["visits"]) for b in bodies
        )
        held = Counter((start, sum(n for *_, n in json.loads(counts))) for start, counts in last["windows"])
        assert last["check"] == "ok"
        assert not (told - held), "told twice, or what the device does not have"
        # What closed with the last stop may still wait in its outbox.
        assert (held - told).total() <= last["outbox"]
        assert last["visits"] > 0
        print(f"{CUTS} power cuts: {held.total()} windows, {last['visits']} visits, {dict(line.counts)}")
