"""docs/cloud.md, docs/openapi.json and the schema say what is true: their examples run, validate and match the code."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from jsonschema import Draft202012Validator

from edge.census.shares.estimator import ShareEstimator
from edge.census.window import Traffic, Window
from edge.config import parse_settings
from edge.config.uplink import Uplink
from edge.store import QueuedEvent
from edge.uplink import ModelIdentity, census_event
from edge.uplink.endpoint import BATCH, SINGLE, Endpoint
from edge.uplink.outcome import RETRIED, judge
from edge.uplink.secret import read_secrets
from edge.uplink.sink import Verdict
from edge.vision.bundle import load_bundle

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "cloud.md").read_text(encoding="utf-8")
END = datetime(2026, 11, 21, 19, 0, tzinfo=UTC).timestamp()
EXAMPLE = Window(
    END - 3600,
    END,
    {
        ("0-12", "unknown"): 6, ("13-17", "male"): 2, ("18-24", "female"): 9, ("18-24", "male"): 7,
        ("25-34", "female"): 14, ("25-34", "male"): 11, ("35-44", "female"): 8, ("35-44", "male"): 12,
        ("45-54", "female"): 5, ("45-54", "male"): 6, ("55-64", "male"): 3, ("65+", "female"): 1,
    },
    entries=47, exits=22, dwell_s=(1.9, 4.4, 11.2), traffic=Traffic(35613, 420),
)  # fmt: skip
MODEL = ModelIdentity("mobile", "1.0.0", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def load(name: str):
    return json.loads((DOCS / name).read_text(encoding="utf-8"))


def example_now(event_id: str):
    """The page's example as the code makes it today (the id is random)."""
    settings = parse_settings(tomllib.loads(blocks("toml")[0]), "docs/cloud.md")
    estimator = ShareEstimator.of(load_bundle("mobile").card, settings.census)
    _, body = census_event(EXAMPLE, settings, MODEL, "synchronised", estimator=estimator)
    return {**json.loads(body), "id": event_id}


def test_the_example_event_is_what_the_code_makes():
    shown = json.loads(blocks("json")[0])
    now = example_now(shown["id"])
    cells, cells_now = (event["data"]["shares"].pop("cells") for event in (shown, now))
    assert shown == now
    # The shares are those of the model that was shipped when the page was written.
    for cell, cell_now in zip(cells, cells_now, strict=True):
        assert [cell["band"], cell["gender"]] == [cell_now["band"], cell_now["gender"]]
        assert cell["low"] <= cell["share"] <= cell["high"]
        for name in ("share", "low", "high"):
            assert cell[name] == pytest.approx(cell_now[name], abs=0.06)


def test_the_example_event_satisfies_the_schema():
    schema = load("schema/census-window-v1.json")
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        json.loads(blocks("json")[0])
    )


def make_secret(folder: Path) -> Path:
    subprocess.run(["sh", "-c", blocks("sh")[0]], cwd=folder, check=True)
    return folder / "uplink.secret"


def test_the_command_on_the_page_makes_a_secret_that_is_accepted(tmp_path: Path):
    read_secrets(make_secret(tmp_path))


@pytest.fixture
def receiver(tmp_path: Path):
    """The page's endpoint as a process of its own; gives its URL and the secret's file."""
    (tmp_path / "receiver.py").write_text(blocks("python")[0], encoding="utf-8")
    secret = make_secret(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "receiver.py", secret.name, "0"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        yield f"http://127.0.0.1:{int(line.rsplit(' ', 1)[1])}/events", secret
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_endpoint_on_the_page_stores_each_event_once(receiver, tmp_path: Path):
    url, secret = receiver
    endpoint = Endpoint.from_settings(Uplink(url=url, secret_file=secret))
    event = QueuedEvent("00000000-0000-4000-8000-000000000001", json.dumps(example_now("a"), separators=(",", ":")), 0)
    now = datetime.now(UTC).timestamp()
    assert [endpoint.post([event], now).verdict for _ in range(2)] == [Verdict.ACKNOWLEDGED] * 2
    assert stored(tmp_path) == ["a"]


@pytest.mark.slow
def test_the_endpoint_on_the_page_takes_batches_and_compressed_ones(receiver, tmp_path: Path):
    url, secret = receiver
    endpoint = Endpoint.from_settings(Uplink(url=url, secret_file=secret))
    bodies = [json.dumps(example_now(name), separators=(",", ":")) for name in "abc"]
    events = [QueuedEvent(name, body, 0) for name, body in zip("abc", bodies, strict=True)]
    now = datetime.now(UTC).timestamp()
    assert [endpoint.post(some, now).verdict for some in (events[:2], events)] == [Verdict.ACKNOWLEDGED] * 2
    assert endpoint._compress  # it was not refused
    assert stored(tmp_path) == ["a", "b", "c"]


def stored(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "census.db") as database:
        found = [row[0] for row in database.execute("SELECT id FROM events ORDER BY id")]
    database.close()
    return found


@pytest.mark.slow
def test_the_commands_on_the_page_start_a_receiver(tmp_path: Path):
    """The page's own command line, with a free port and the secret that the page makes."""
    (line,) = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("maitred receive")]
    make_secret(tmp_path)
    arguments = line.replace("8080", "0").split()[1:]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        url = process.stderr.readline().removeprefix("receiving at ").strip()
        endpoint = Endpoint.from_settings(Uplink(url=url, secret_file=tmp_path / "uplink.secret"))
        event_id = "00000000-0000-4000-8000-000000000001"
        body = json.dumps(example_now(event_id), separators=(",", ":"))
        assert (
            endpoint.post([QueuedEvent(event_id, body, 0)], datetime.now(UTC).timestamp()).verdict
            == Verdict.ACKNOWLEDGED
        )
        assert requests.get(url.replace("/events", "/healthz"), timeout=10).json() == {"status": "ok", "events": 1}
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        pytest.param(0, Verdict.ACKNOWLEDGED, id="now"),
        pytest.param(-3600, Verdict.RETRY, id="an hour late"),
        pytest.param(3600, Verdict.RETRY, id="clock an hour fast"),
    ],
)
def test_the_endpoint_on_the_page_refuses_old_and_future_signatures(receiver, seconds: int, verdict: Verdict):
    url, secret = receiver
    endpoint = Endpoint.from_settings(Uplink(url=url, secret_file=secret))
    body = json.dumps(example_now("a"), separators=(",", ":"))
    outcome = endpoint.post([QueuedEvent("a", body, 0)], datetime.now(UTC).timestamp() + seconds)
    assert outcome.verdict == verdict


def rows_of_answers() -> dict[str, str]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Answer")]
    return {cells[1].strip(): cells[2].strip() for cells in (line.split("|") for line in lines)}


def test_the_table_of_answers_is_what_the_code_does():
    documented: dict[int, Verdict] = {}
    for statuses, text in rows_of_answers().items():
        numbers = [int(number) for number in re.findall(r"\b\d{3}\b", statuses)]
        for family in re.findall(r"\b(\d)xx\b", statuses):
            first = int(family) * 100
            numbers += [n for n in range(first, first + 100) if n not in documented or "any other" not in statuses]
        verdict = (
            Verdict.STOP if "stops sending" in text
            else Verdict.ACKNOWLEDGED if "delivered" in text
            else Verdict.REJECTED if "set aside" in text
            else Verdict.RETRY
        )  # fmt: skip
        for number in numbers:
            documented[number] = verdict
    assert set(documented) == set(range(200, 600))
    assert {status: judge(status, {}, "", 0.0).verdict for status in documented} == documented


def test_openapi_names_every_header_and_every_special_status():
    document = load("openapi.json")
    operation = document["webhooks"]["censusWindow"]["post"]
    parameters = [resolve(item, document) for item in operation["parameters"]]
    assert {(item["name"], item["in"], item["required"]) for item in parameters} == {
        ("content-encoding", "header", False),
        ("webhook-id", "header", True),
        ("webhook-timestamp", "header", True),
        ("webhook-signature", "header", True),
    }
    assert operation["requestBody"]["required"] is True
    assert list(operation["requestBody"]["content"]) == [SINGLE, BATCH]
    assert {"2XX", "3XX", "4XX", "5XX", "409", "410"} <= set(operation["responses"])
    text = json.dumps(operation["responses"])
    assert all(str(status) in text for status in RETRIED)


def test_every_reference_of_the_openapi_document_resolves():
    document = load("openapi.json")
    references = list(references_in(document))
    assert "schema/census-window-v1.json" in references
    for reference in references:
        assert resolve({"$ref": reference}, document)


def test_every_reference_of_the_schema_resolves():
    schema = load("schema/census-window-v1.json")
    Draft202012Validator.check_schema(schema)
    for reference in references_in(schema):
        assert resolve({"$ref": reference}, schema)


def references_in(node) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [found for value in node.values() for found in references_in(value)]
    return [found for value in node for found in references_in(value)] if isinstance(node, list) else []


def resolve(item, document):
    reference = item.get("$ref")
    if reference is None:
        return item
    file, _, pointer = reference.partition("#")
    node = load(file) if file else document
    for part in filter(None, pointer.split("/")):
        node = node[part]
    return node


def test_every_link_of_the_page_to_a_file_leads_to_one():
    files = [link for link in re.findall(r"\]\(([^)#:]+)\)", PAGE) if "//" not in link]
    assert files
    assert all((DOCS / link).is_file() for link in files)
