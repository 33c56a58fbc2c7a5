"""How database.sql was made: a database that the agent of the last release wrote, as text.

``python -m tests.recorded.last_release.write``, run in a checkout of the release that is to become "the last one". The
visits of some evenings are put in the store; then its agent runs on the demo clip: it closes the windows, sends what it
can to an endpoint that takes some events, refuses one and then fails, deletes what is too old, and counts on. Not
needed again until the next release.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.recorded.command_line import LAST_RELEASE, Endpoint, configuration, running, secret, until
from tests.recorded.internals import CLIP, Store, Visit

PARIS = ZoneInfo("Europe/Paris")
EVENINGS = {
    "2024-04-05 19:10": 9,
    "2024-04-05 20:05": 6,
    "2024-05-10 12:15": 3,
    "2024-05-10 19:05": 21,
    "2024-05-10 20:10": 28,
    "2024-05-10 21:15": 8,
    "2024-05-11 12:05": 14,
    "2024-05-11 19:10": 33,
    "2024-05-11 20:05": 37,
    "2024-05-11 21:20": 12,
    "2024-05-12 12:10": 24,
    "2024-05-12 13:05": 19,
}
"""Begin of three quarters of an hour (local time), and how many came in them."""
STAFF = ("2024-05-10 10:40", "2024-05-11 10:35", "2024-05-12 10:30", "2024-05-12 10:55")
AGENT_STARTS = "2024-05-12 13:59:50"
TAKEN, REFUSED = 6, 2
BOOT = "00000000-0000-4000-8000-000000000000"
"""Instead of the boot of whichever machine this ran on: only there would it mean something."""


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


def visits() -> list[tuple[Visit, float]]:
    """With when each was counted, oldest first."""
    dice = random.Random(18)
    found = []
    for begin, many in EVENINGS.items():
        for _ in range(many):
            started = round(at(begin) + dice.uniform(0, 2700), 2)
            ended = round(started + dice.uniform(1.5, 40), 2)
            found.append((_visit(dice, started, ended), round(ended + 1.2, 2)))
    for text in STAFF:
        staff = Visit(at(text), at(text) + 12.5, 80, excluded=True)
        found.append((staff, at(text) + 14))
    return sorted(found, key=lambda each: each[1])


def _visit(dice: random.Random, started: float, ended: float) -> Visit:
    observations = int((ended - started) * 8) + 3
    direction = dice.choice(("in", "in", "in", "out", None))
    if dice.random() < 0.06:
        return Visit(started, ended, observations, direction=direction)
    age = round(min(max(dice.gauss(38, 17), 3), 88), 2)
    own = (round(max(age - dice.uniform(4, 9), 0), 2), round(min(age + dice.uniform(4, 10), 100), 2))
    wide = (round(max(own[0] - 1.5, 0), 2), round(min(own[1] + 1.5, 100), 2))
    female = None if age < 13 else round(dice.betavariate(0.5, 0.5), 4)
    return Visit(started, ended, observations, age, wide, female, direction, own_interval=own)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(folder / "maitred.db") as store:
            store.record_all(visits())
        run_agent(folder)
        text = dump(folder / "maitred.db")
    (LAST_RELEASE / "database.sql").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{LAST_RELEASE / 'database.sql'}: {len(text)} characters\n")


def run_agent(folder: Path) -> None:
    (folder / "door.mp4").symlink_to(CLIP)
    secret(folder / "uplink.secret", "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM=\n")
    with Endpoint(lambda before: 422 if before == REFUSED else 204 if before < TAKEN else 503) as endpoint:
        config = configuration(
            folder,
            {
                'url = "https://census.example.com/v1/windows"': f'url = "{endpoint.url}"',
                'host = "broker.example.com"': 'host = ""',
                'ca_file = "broker.pem"': "",
                'password_file = "broker.password"': "",
            },
        )
        with running(folder, "run", "--config", config, at=at(AGENT_STARTS)) as log:
            until(lambda: len(endpoint.received) > TAKEN and _is_over(folder / "maitred.db"), log)


def _is_over(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute("SELECT json_extract(value, '$.camera') FROM facts WHERE name = 'health'").fetchone()
    return row is not None and row[0] == "ended"


def dump(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE facts SET value = json_set(value, '$.boot', ?) WHERE name = 'clock'", (BOOT,))
        connection.commit()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        lines = list(connection.iterdump())
    head = [
        "-- The database of a device with maitred 0.1.0: written by its agent, then dumped by write.py.",
        f"PRAGMA journal_mode = {mode};",
        f"PRAGMA user_version = {version};",
    ]
    return "\n".join([*head, *lines, ""])


if __name__ == "__main__":
    main()
