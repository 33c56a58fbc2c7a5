"""The agent, the dashboard and the endpoint as processes of their own."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import requests
from standardwebhooks import Webhook

from edge.counting.visit import Visit
from edge.demo import CLIP
from edge.store import Store
from tests.waiting import until

pytestmark = pytest.mark.slow

SECRET = "whsec_" + "bWFpdHJlZCBzaWduaW5nIHNlY3JldCBmb3IgdGVzdHM="
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schema" / "census-window-v1.json"


def url_in(log: Path) -> str | None:
    found = re.search(r"dashboard at (http://\S+)", log.read_text())
    return found[1] if found else None


@pytest.fixture
def endpoint():
    received: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            received.append((dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.received = received  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.mark.browser
def test_a_browser_sees_the_running_demo_count(start, browser, tmp_path: Path):
    demo = start("demo", "--port", "0")
    until(lambda: url_in(demo.log))
    url = url_in(demo.log)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    problems: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))

    page.goto(url)
    before = page.inner_text("main")
    until(lambda: requests.get(f"{url}api/v1/today", timeout=5).json()["day"]["visits"] > 0, every_s=0.2)
    page.wait_for_function("text => document.querySelector('main').innerText !== text", arg=before, timeout=60_000)

    assert not problems
    assert hosts == {urlsplit(url).netloc}
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"wider than {width} px"
    page.close()
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(30) == 0


def test_the_demo_ends_and_names_the_port_that_is_in_use(start, endpoint):
    port = endpoint.server_address[1]

    demo = start("demo", "--port", str(port))

    assert demo.wait(60) != 0
    assert str(port) in demo.log.read_text()


def test_what_was_counted_reaches_the_endpoint_signed_and_as_published(start, endpoint, tmp_path: Path):
    database, secret = tmp_path / "maitred.db", tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    # An earlier run of the agent counted these and was cut off before their window closed.
    an_hour_ago = time.time() - 3600
    with Store.open(database) as store:
        for number in range(12):
            store.record([Visit(an_hour_ago, an_hour_ago + 9, 20, 30.0 + number % 2, (24.0, 39.0), 0.9)], an_hour_ago)
    config = tmp_path / "maitred.toml"
    config.write_text(
        f"[camera]\nsource = {json.dumps(str(CLIP))}\nloop = true\n[store]\npath = {json.dumps(str(database))}\n"
        f"[uplink]\nurl = 'http://127.0.0.1:{endpoint.server_address[1]}/hook'\nsecret_file = '{secret}'\n"
    )

    agent = start("run", "--config", config)
    until(lambda: endpoint.received)
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(30) == 0

    headers, body = endpoint.received[0]
    event = Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    jsonschema.validate(event, json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker())
    assert event["source"] == "maitred/restaurant/door"
    assert event["data"]["visits"] == 12
    with Store.open(database, read_only=True) as store:
        assert store.outbox.state().delivered == len({headers["webhook-id"] for headers, _ in endpoint.received})


def test_doctor_says_what_is_wrong_and_what_to_do(maitred, tmp_path: Path):
    config = tmp_path / "maitred.toml"
    config.write_text("[camera]\nsource = 'v4l2:/dev/video99'\n[store]\npath = 'maitred.db'\n")

    done = maitred("doctor", "--config", config, "--json")

    assert done.code == 1
    checks = {check["name"]: check for check in done.json["checks"]}
    assert checks["camera"]["verdict"] == "failure"
    assert "/dev/video99" in checks["camera"]["found"]
    assert checks["face model"]["verdict"] == checks["demographics model"]["verdict"] == "ok"
    assert all(check["way_out"] for check in checks.values() if check["verdict"] != "ok")


def test_doctor_finds_nothing_wrong_with_a_working_device(maitred, tmp_path: Path):
    Store.open(tmp_path / "maitred.db").close()
    config = tmp_path / "maitred.toml"
    config.write_text(f"[camera]\nsource = {json.dumps(str(CLIP))}\n[store]\npath = 'maitred.db'\n")

    done = maitred("doctor", "--config", config)

    assert done.code == 0, done.out + done.err
    assert "nothing leaves this device" in done.out


@pytest.mark.parametrize(
    "form", [(), ("--format", "csv"), ("--format", "json"), ("--json",), ("--format", "html")], ids=" ".join
)
def test_a_report_has_the_numbers_of_the_database(maitred, tmp_path: Path, form: tuple[str, ...]):
    now = time.time()
    with Store.open(tmp_path / "maitred.db") as store:
        store.record([Visit(now - 60, now - 50, 9, 34.0, (28.0, 41.0), 0.8)] * 7, now)
    config = tmp_path / "maitred.toml"
    config.write_text("[store]\npath = 'maitred.db'\n")

    done = maitred("report", "--config", config, *form, "--by", "day")

    assert done.code == 0, done.err
    assert "25-34" in done.out
    assert re.search(r"\b7\b", done.out)
    if "json" in "".join(form):
        assert json.loads(done.out)["total"]["visits"] == 7


def test_the_agent_imports_neither_tensorflow_nor_training_nor_conversion():
    import subprocess
    import sys

    code = (
        "import sys, edge.agent.agent, edge.cli, edge.dashboard.app, edge.agent.doctor; "
        "print([m for m in sys.modules if m.split('.')[0] in ('tensorflow', 'keras', 'training', 'convert')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"
