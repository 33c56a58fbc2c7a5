"""What the device's owner sees of the last release's database: the dashboard over HTTP, and reports."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import requests

from tests.recorded.command_line import configuration, load_database, maitred, running, secret, until
from tests.recorded.internals import default_settings, settings_in

AFTER_THE_HEARTBEAT = 1715515240.0
"""2024-05-12 14:00:40 in Paris, nine seconds after the agent's last heartbeat in the database."""
TOKEN = "a-token-of-more-than-32-characters"
PAGES = {
    "today": "api/v1/today",
    "visits": "api/v1/visits?limit=40",
    "history": "api/v1/history?days=4",
    "health": "api/v1/health",
    "day of May 11": "history?day=2024-05-11",
}
OF_THIS_MACHINE = {"disk"}
"""Member of a health document: space on this machine's disk."""
WORDS_OF_THIS_MACHINE = {"disk", "dashboard"}
"""Of a page's texts and levels: the disk, and the memory that this dashboard takes."""
METRICS_OF_THIS_MACHINE = ("maitred_disk_free_bytes", "process_resident_memory_bytes")
RANGE = ("--from", "2024-05-10", "--to", "2024-05-12")


def settings(folder: Path) -> dict[str, Any]:
    return {"of the last release": settings_in(configuration(folder, {})), "default": default_settings()}


def dashboard(folder: Path) -> dict[str, Any]:
    load_database(folder)
    config = configuration(folder, {"port = 8642": "port = 0"})
    secret(folder / "dashboard.token", f"{TOKEN}\n")
    maitred(folder, "dashboard", "--config", config, "--set-password", stdin="a long password for a test\n")
    with running(folder, "dashboard", "--config", config, at=AFTER_THE_HEARTBEAT, way="standing") as log:
        until(lambda: _address(log), log)
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            answers = {name: _answer(session, f"{_address(log)}{path}") for name, path in PAGES.items()}
            metrics = _answer(session, f"{_address(log)}metrics")
            export = _answer(session, f"{_address(log)}export.csv?from=2024-04-01&to=2024-05-12")
            well = json.loads(_answer(session, f"{_address(log)}healthz"))
    day = Tables.of(answers.pop("day of May 11"))
    documents = {name: json.loads(text) for name, text in answers.items()}
    pages = {name: _of_any_machine(documents[name].pop("page")) for name in ("today", "health")}
    words = {name: page.pop("text") for name, page in pages.items()}
    families = exposition(metrics)
    meanings = {name: family.pop("help") for name, family in families.items()}
    for health in (documents["health"], documents["today"]["health"]):
        for name in OF_THIS_MACHINE:
            del health[name]
    return {
        **{f"/api/v1/{name}": document for name, document in documents.items()},
        "figures of the pages": pages,
        "words of the pages": words,
        "tables of May 11": day,
        "/metrics": families,
        "words of the metrics": meanings,
        "/export.csv": export.splitlines(),
        "/healthz": well,
    }


def reports(folder: Path) -> dict[str, Any]:
    load_database(folder)
    report = ("report", "--config", configuration(folder, {}))
    page = maitred(folder, *report, *RANGE, "--format", "html")
    since_april = ("--from", "2024-04-01", "--to", "2024-05-12", "--by", "week")
    return {
        "csv by day": maitred(folder, *report, *RANGE, "--format", "csv").splitlines(),
        "csv by hour": maitred(folder, *report, *RANGE, "--by", "hour").splitlines(),
        "json by week": json.loads(maitred(folder, *report, *since_april, "--format", "json")),
        "json by day": json.loads(maitred(folder, *report, *RANGE, "--json")),
        "html tables": Tables.of(page),
        "html words": Words.of(page),
    }


def exposition(text: str) -> dict[str, Any]:
    """Metrics by name, so that neither their order nor how a number is written counts."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "#":
            what, name, value = rest.split(" ", 2)
            found.setdefault(name, {"samples": {}})[what.lower()] = value
        else:
            name, labels, value = re.fullmatch(r"(\w+)(\{.*\})? (\S+)", line).groups()  # type: ignore[union-attr]
            found[name]["samples"][labels or ""] = float(value)
    for name in METRICS_OF_THIS_MACHINE:
        del found[name]
    return found


def _address(log: Path) -> str | None:
    found = re.search(r"dashboard at (http://\S+)", log.read_text(encoding="utf-8"))
    return found[1] if found else None


def _answer(session: requests.Session, url: str) -> str:
    answer = session.get(url, timeout=60)
    assert answer.status_code == 200, (url, answer.status_code, answer.text)
    return answer.text


def _of_any_machine(page: dict[str, Any]) -> dict[str, Any]:
    for part in ("text", "level"):
        page[part] = {key: value for key, value in page[part].items() if key not in WORDS_OF_THIS_MACHINE}
    return page


class Tables(HTMLParser):
    """Rows of all tables of a page, each as one line of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    @classmethod
    def of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return [" | ".join(" ".join(cell.split()) for cell in row) for row in parser.rows]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


class Words(HTMLParser):
    """Text of a page outside of its tables' bodies and styles, paragraph by paragraph."""

    HIDDEN = ("style", "script", "tbody", "tfoot", "thead")

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._hidden = 0

    @classmethod
    def of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return [line for line in parser.lines if line]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in self.HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines.append(" ".join(data.split()))
