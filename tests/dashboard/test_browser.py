"""The pages in a real browser, on a real server, over a real database."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.config import Settings, parse_settings
from edge.counting.visit import Visit
from edge.dashboard import Server
from edge.store import Store

from .conftest import a_heartbeat, a_visit

pytestmark = pytest.mark.browser

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
WIDTHS = [pytest.param(390, id="phone"), pytest.param(1280, id="desk")]


@dataclass
class Seen:
    """What a page asked for and complained about."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def polls(self) -> int:
        return sum("/api/" in request for request in self.requests)


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    yield from serving(settings)


@pytest.fixture
def server_at_the_door(settings: Settings) -> Iterator[Server]:
    """Of a device with a line and a staff zone."""
    entrance = {"line": [[0.1, 0.6], [0.9, 0.6]], "staff_zone": [[0, 0], [0.2, 0], [0.2, 1]]}
    yield from serving(parse_settings({**settings.model_dump(mode="json"), "entrance": entrance}, "test"))


def serving(settings: Settings) -> Iterator[Server]:
    listening = Server(settings.model_copy(update={"dashboard": settings.dashboard.model_copy(update={"port": 0})}))
    thread = threading.Thread(target=listening.run)
    thread.start()
    yield listening
    listening.stop()
    thread.join(timeout=30)


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    seen = opened.seen = Seen()
    opened.on("request", lambda request: seen.requests.append(request.url))
    opened.on("pageerror", lambda error: seen.complaints.append(str(error)))
    opened.on("console", lambda said: seen.complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield opened
    opened.close()


def value(page, key: str) -> str:
    return page.locator(f"[data-text={key}]").first.inner_text()


def becomes(page, key: str, text: str) -> None:
    sync_api.expect(page.locator(f"[data-text={key}]").first).to_have_text(text, timeout=30_000)


def test_a_visit_shows_without_a_reload(page, server: Server, store: Store, tmp_path: Path):
    store.heartbeat.write(a_heartbeat(time.time(), people_in_view=1))
    page.goto(server.url)
    page.evaluate("window.sameDocument = true")
    assert value(page, "patrons") == "0"
    sync_api.expect(page.get_by_text("The door is still quiet")).to_be_visible()

    store.record([a_visit(time.time(), 41.0, 0.9), a_visit(time.time(), 23.0, 0.1)], time.time())
    store.heartbeat.write(a_heartbeat(time.time(), people_in_view=4))

    becomes(page, "patrons", "2")
    becomes(page, "people", "4")
    assert (value(page, "age"), value(page, "women"), value(page, "men")) == ("32", "50 %", "50 %")
    assert page.locator("[data-rows=visits] tr").count() == 2
    assert page.locator("[data-rows=visits] tr").first.inner_text().split("\t")[1:] == ["23 (17–30)", "male", "6 s"]
    sync_api.expect(page.get_by_text("The door is still quiet")).to_be_hidden()
    first_chart = page.locator("[data-chart='/charts/hours.svg'] img").get_attribute("src")

    store.record([a_visit(time.time(), 8.0, None)], time.time())

    becomes(page, "patrons", "3")
    sync_api.expect(page.locator("[data-chart='/charts/hours.svg'] img")).not_to_have_attribute("src", first_chart)
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.screenshot(path=tmp_path / "today.png", full_page=True)
    assert page.evaluate("window.sameDocument") is True
    assert page.seen.complaints == []
    assert {urlsplit(request).netloc for request in page.seen.requests} == {urlsplit(server.url).netloc}


def test_the_agents_end_shows_without_a_reload(page, server: Server, store: Store):
    store.heartbeat.write(a_heartbeat(time.time()))
    page.goto(server.url)
    banner = page.get_by_text("The agent isn’t running")
    assert banner.is_hidden()

    store.heartbeat.write(a_heartbeat(time.time() - 60))

    sync_api.expect(banner).to_be_visible(timeout=30_000)
    becomes(page, "state", "Agent not running")
    becomes(page, "people", "–")


def test_a_dashboard_that_stops_answering_is_told_and_forgiven(page, server: Server, store: Store):
    store.heartbeat.write(a_heartbeat(time.time()))
    page.goto(server.url)
    banner = page.get_by_text("The dashboard does not answer")

    page.context.set_offline(True)
    sync_api.expect(banner).to_be_visible(timeout=30_000)
    page.context.set_offline(False)

    sync_api.expect(banner).to_be_hidden(timeout=30_000)


def test_a_hidden_tab_does_not_ask(page, server: Server, store: Store):
    store.heartbeat.write(a_heartbeat(time.time()))
    page.clock.install()
    page.goto(server.url)
    with page.expect_response("**/api/v1/today"):
        page.clock.run_for(2000)
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""

    page.evaluate(hide, True)
    before = page.seen.polls()
    page.clock.run_for(60_000)
    assert page.seen.polls() == before

    with page.expect_response("**/api/v1/today"):
        page.evaluate(hide, False)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "history", "device", "nowhere"])
@pytest.mark.parametrize("state", ["busy", "empty"])
def test_nothing_is_wider_than_its_place(
    page, server: Server, store: Store, width: int, scheme: str, path: str, state: str
):
    store.heartbeat.write(a_heartbeat(time.time(), camera="failed", camera_error="no frame from /dev/video0 " * 4))
    if state == "busy":
        # A day with numbers of four digits, and long dwell times.
        store.record(
            [a_visit(time.time() - n / 50, 20.0 + n % 60, n % 10 / 10, 4000) for n in range(1200)], time.time()
        )
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server.url}{path}")
    for details in page.locator("summary:visible").all():
        details.click()

    assert sticking_out(page) == []


@pytest.mark.parametrize("width", [*WIDTHS, pytest.param(960, id="tablet")])
@pytest.mark.parametrize("path", ["", "device"])
def test_nothing_of_an_entrance_is_wider_than_its_place(
    page, server_at_the_door: Server, store: Store, width: int, path: str
):
    at = time.time()
    store.heartbeat.write(a_heartbeat(at))
    crossings = [dataclasses.replace(a_visit(at - n / 50), direction="out" if n % 9 else "in") for n in range(1200)]
    store.record([*crossings, *[Visit(at - 9, at, 9, excluded=True)] * 1200], at)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{server_at_the_door.url}{path}")

    assert page.get_by_text("Inside" if not path else "Entrance", exact=True).is_visible()
    assert sticking_out(page) == []


def test_somebody_who_comes_in_shows_without_a_reload(page, server_at_the_door: Server, store: Store):
    store.heartbeat.write(a_heartbeat(time.time()))
    page.goto(server_at_the_door.url)
    assert value(page, "inside") == "0"

    store.record([dataclasses.replace(a_visit(time.time()), direction="in")], time.time())

    becomes(page, "inside", "1")
    assert page.locator("[data-rows=visits] tr").first.inner_text().split("\t")[1:] == [
        "30 (24–37)", "female", "in", "6 s",
    ]  # fmt: skip


def sticking_out(page) -> list[str]:
    """What reaches beyond its card or the window."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *, header *, footer *")]
            .filter(node => !node.closest(".unseen") && node.getClientRects().length)
            .filter(node => {
                const card = node.closest(".card, .frame"), right = node.getBoundingClientRect().right;
                return right > window.innerWidth || right > card.getBoundingClientRect().right + 0.5;
            })
            .map(node => `${node.tagName}: ${node.textContent.slice(0, 40)}`)"""
    )
    if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
        found.append("the page itself")
    return found


@pytest.mark.parametrize("path", ["", "history", "device"])
def test_a_page_can_be_walked_with_the_keyboard(page, server: Server, store: Store, path: str):
    page.goto(f"{server.url}{path}")
    page.keyboard.press("Tab")

    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to the content"
    assert focused.evaluate("node => node.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    assert page.locator(":focus").evaluate("node => node.tagName") == "MAIN"
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    assert page.locator(":focus").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


@pytest.mark.parametrize("path", ["", "history", "device", "nowhere"])
def test_a_page_has_landmarks_one_heading_and_headed_tables(page, server: Server, store: Store, path: str):
    store.record([a_visit(time.time())], time.time())
    page.goto(f"{server.url}{path}")

    assert [page.get_by_role(role).count() for role in ("banner", "navigation", "main", "contentinfo")] == [1, 1, 1, 1]
    assert page.locator("h1").count() == 1
    assert page.locator("img:not([alt])").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("table:not(:has(caption))").count() == 0
    unlabelled = page.evaluate("[...document.querySelectorAll('input')].filter(input => !input.labels.length).length")
    assert unlabelled == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_shares_of_a_day_and_of_many_fit_beside_or_below_each_other(page, server: Server, store: Store, width: int):
    now = time.time()
    store.record(
        [a_visit(now - 0.001 * i, (30.0, 50.0, 8.0)[i % 3], (0.9, 0.1, None)[i % 3]) for i in range(6000)], now
    )
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}history")

    day, month = (table.bounding_box() for table in page.locator("table.likely").all())
    assert (day["y"] == month["y"]) is (width == 1280)
    assert (day["x"] == month["x"]) is (width == 390)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.seen.complaints == []


def test_history_picks_a_day_and_exports(page, server: Server, store: Store):
    page.goto(f"{server.url}history")

    page.get_by_label("The day before").click()
    page.wait_for_url("**/history?day=*")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()

    assert download.value.suggested_filename.startswith("maitred-restaurant-")
    assert Path(download.value.path()).read_text().startswith("window_start,window_end,age_band,gender,visits")
    assert page.seen.complaints == []
