"""The pages, as a browser without scripts gets them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edge.census.age_bands import AgeBands
from edge.census.window import Traffic
from edge.config import Settings, parse_settings
from edge.dashboard import create_app
from edge.store import Store

from .conftest import NOON, a_heartbeat, a_visit, metrics_of, paris


def text_of(page: str) -> str:
    """What of a page is to be seen: no tags, no hidden parts."""
    while re.search(hidden := r"<(div|section|p)\b[^>]* hidden>(?:(?!</?\1\b).)*</\1>", page, re.DOTALL):
        page = re.sub(hidden, "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("Now 3 people in view", id="in-view"),
        pytest.param("Patrons so far 5 visits, not unique people", id="patrons"),
        pytest.param("Apparent age 29 on average, over 4 visits", id="mean-age"),
        pytest.param("67 % women 33 % men of 3 visits with a gender estimate", id="gender"),
        pytest.param("Busiest hour 11:00–12:00 4 visits", id="peak"),
        pytest.param("11:59 29 (23–36) female 6 s 11:40 – – 6 s 11:20 8 (2–15) – 6 s", id="last-visits"),
        pytest.param("No endpoint configured: nothing leaves this device.", id="uplink-off"),
        pytest.param("Frame rate 14.6 fps Latency 41 ms Temperature 58 °C", id="device"),
        pytest.param("Tuesday 12 May", id="date"),
    ],
)
def test_today_says(client: FlaskClient, lunch: Store, said: str):
    assert said in text_of(client.get("/").text)


@pytest.mark.parametrize("address", ["/", "/history", "/device"])
def test_a_database_that_does_not_exist_yet_is_an_empty_day(client: FlaskClient, settings: Settings, address: str):
    answer = client.get(address)

    assert answer.status_code == 200
    assert not settings.store.path.exists()


def test_an_empty_day_says_so_kindly(client: FlaskClient, store: Store):
    store.heartbeat.write(a_heartbeat(NOON - 1))

    said = text_of(client.get("/").text)

    assert "No visit has been counted today so far" in said
    assert "Last visits" not in said


@pytest.mark.parametrize(
    ("heartbeat", "said"),
    [
        pytest.param(None, "has not run yet", id="never-ran"),
        pytest.param(a_heartbeat(NOON - 31), "systemctl status agent", id="stale"),
        pytest.param(a_heartbeat(NOON + 86400), "systemctl status agent", id="clock-was-set-back"),
        pytest.param(
            a_heartbeat(NOON, camera="failed", camera_error="no frame from rtsp://admin:hunter2@camera.local"),
            "The camera failed: no frame from rtsp://***@camera.local", id="camera-failed",
        ),
        pytest.param(a_heartbeat(NOON, uplink="stopped"), "Uploading has stopped", id="uplink-stopped"),
        pytest.param(a_heartbeat(NOON, looks_at_every=4, fps=3.6), "fewer than 4 frames a second", id="too-slow"),
        pytest.param(a_heartbeat(NOON, throttled=True, fps=3.6), "The processor is too hot", id="too-hot"),
        pytest.param(a_heartbeat(NOON, clock="unsynchronised"), "The clock is not set yet", id="clock-not-set"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", ["/", "/device"])
def test_a_banner_tells_of(client: FlaskClient, store: Store, address: str, heartbeat, said: str):
    if heartbeat is not None:
        store.heartbeat.write(heartbeat)

    assert said in text_of(client.get(address).text)


def test_a_machine_that_looks_at_every_other_frame_says_so_and_is_no_reason_to_worry(client: FlaskClient, store: Store):
    store.heartbeat.write(a_heartbeat(NOON, looks_at_every=2, fps=7.4))

    said = text_of(client.get("/device").text)

    assert "Frame rate 7.4 fps, 1 in 2" in said
    assert "Frames 5,000 looked at, 12 left out" in said
    assert "less sure" not in said
    assert metrics_of(client)["maitred_looks_at_every"] == 2


def test_a_healthy_agent_has_no_banner(client: FlaskClient, lunch: Store):
    said = text_of(client.get("/").text)

    assert not any(
        word in said
        for word in ("isn’t running", "has not run", "The camera failed", "has stopped", "not set", "full", "less sure")
    )
    assert "Counting" in said


@pytest.mark.parametrize(
    "heartbeat",
    [
        pytest.param(a_heartbeat(NOON - 3600), id="agent-stopped"),
        pytest.param(a_heartbeat(NOON, camera="failed"), id="camera-failed"),
    ],
)
def test_people_in_view_are_unknown_while_nobody_looks(client: FlaskClient, store: Store, heartbeat):
    store.heartbeat.write(heartbeat)

    assert "Now – people in view" in text_of(client.get("/").text)


def test_an_endpoint_is_named_without_its_credentials_or_path(settings: Settings, tmp_path):
    secret = tmp_path / "secret"
    uplink = {"url": "https://user:pass@census.example/hook?token=t0ken", "secret_file": str(secret)}
    configured = parse_settings({**settings.model_dump(mode="json"), "uplink": uplink}, "test")

    # The secret's file does not even exist: the dashboard has no business with it.
    pages = [create_app(configured).test_client().get(address).text for address in ("/", "/device")]

    assert all("sent to census.example;" in page for page in pages)
    assert not any(word in page for page in pages for word in ("pass@", "t0ken", str(secret)))


def test_a_child_is_given_no_gender_even_if_one_was_stored(client: FlaskClient, store: Store):
    store.record([a_visit(NOON - 60, 12.9, 0.97)], NOON)

    assert "13 (7–20) – 6 s" in text_of(client.get("/").text)
    assert client.get("/api/v1/visits").json["visits"][0]["female_probability"] is None
    assert client.get("/api/v1/today").json["day"]["female"] == 0


def test_names_from_the_heartbeat_are_escaped(client: FlaskClient, store: Store):
    store.heartbeat.write(a_heartbeat(NOON, model="<script>alert(1)</script>"))

    assert "<script>alert" not in client.get("/device").text


def test_history_has_a_line_a_day_and_the_chosen_day(client: FlaskClient, lunch: Store):
    said = text_of(client.get("/history?day=2026-05-11").text)

    assert "Tue 12 May 5 29 67 % 11:00 Mon 11 May 1 61 0 % 20:00 Sun 10 May 0 – – –" in said
    assert "Monday 11 May" in said
    assert "Visits 1 Average apparent age 61 Women 0 % Busiest hour 20:00–21:00" in said


def test_history_reaches_no_further_back_than_visits_are_kept(settings: Settings):
    keep = parse_settings({"store": {"path": str(settings.store.path), "keep_visits_days": 7}}, "test")

    said = text_of(create_app(keep, clock=lambda: NOON).test_client().get("/history").text)

    assert "the last 7 days" in said
    assert "kept for 7 days" in said


def test_a_new_day_begins_at_local_midnight(client_at: Callable[[float], FlaskClient], store: Store):
    store.record([a_visit(paris("2026-05-12 23:59"))], NOON)

    assert client_at(paris("2026-05-12 23:59:59")).get("/api/v1/today").json["day"]["visits"] == 1
    assert client_at(paris("2026-05-13 00:00")).get("/api/v1/today").json["day"]["visits"] == 0


def test_device_shows_no_password_of_the_camera(client: FlaskClient, lunch: Store):
    page = client.get("/device").text

    assert "rtsp://***@camera.local/door" in page
    assert "hunter2" not in page


def test_a_missing_page_leads_back(client: FlaskClient):
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'href="/"' in answer.text


def test_refused_events_a_mended_and_a_failing_database_are_told(settings: Settings, database: Path):
    database.write_bytes(b"not a database" * 100)
    with Store.open_repaired(database, NOON - 86400) as store:
        store.outbox.add("5f0a", "{}", NOON - 7200)
        store.outbox.mark_rejected("5f0a", NOON - 3600, "HTTP 422: <unknown> site")
        store.heartbeat.write(a_heartbeat(NOON - 1, store_error="database or disk is full", visits_waiting=3))
    page = create_app(settings, clock=lambda: NOON).test_client().get("/device").text
    assert "HTTP 422: &lt;unknown&gt; site" in page
    assert "5f0a" in page
    assert "maitred.damaged-20260511T100000Z.db" in page
    assert "database or disk is full; 3 visits wait in memory" in page
    assert 'data-show="mended" hidden' not in page
    assert 'data-show="store-failed" hidden' not in page


def test_without_trouble_nothing_is_told_of_it(lunch: Store, client: FlaskClient):
    page = client.get("/device").text
    for key in ("mended", "store-failed", "dead-letters"):
        assert f'data-show="{key}" hidden' in page


def test_shares_without_the_models_mistakes_stand_beside_the_counts(client: FlaskClient, store: Store):
    visits = [a_visit(NOON - 60 - i, *((30.0, 0.95), (50.0, 0.1), (8.0, None))[i % 3]) for i in range(90)]
    store.record(visits[:49], NOON)
    said = text_of(client.get("/").text)
    assert "Too few patrons yet: 50 visits with an age are needed, and there are 49 so far." in said
    assert "Likely share" not in said
    assert client.get("/api/v1/today").json["day"]["shares"] is None

    store.record(visits[49:], NOON)
    said = text_of(client.get("/").text)
    assert "Too few patrons" not in said
    share, reach = r"(under 1|\d+) %", r"(under 1|\d+–\d+) %"
    assert re.search(rf"Age Counted Likely share Range 0-12 30 \(33 %\) {share} {reach} 13-17 0 \(0 %\) {share}", said)
    assert re.search(rf"women 30 \(50 %\) {share} {reach} men 30 \(50 %\) {share} {reach} ", said)
    shares = client.get("/api/v1/today").json["day"]["shares"]
    assert sum(row["share"] for row in shares["bands"]) == pytest.approx(1, abs=0.001)


FACES = ((30.0, 0.95), (50.0, 0.1), (8.0, None))


def a_month(store: Store) -> None:
    """90 visits on 10 May, 40 on 11 May, 3 today, all in windows, and 60 on 1 January."""
    for day, number in (("01-01", 60), ("05-10", 90), ("05-11", 40), ("05-12", 3)):
        lunch = paris(f"2026-{day} 11:00")
        store.record([a_visit(lunch + i, *FACES[i % 3]) for i in range(number)], lunch + 100)
        store.close_window(
            lunch, lunch + 3600, AgeBands((0, 13, 18, 25, 35, 45, 55, 65)), Traffic(), lambda window: None
        )


def shares_on(page: str) -> str:
    said = text_of(page)
    return said[said.index("Who came, corrected for mistakes") : said.index("Day by day")]


def test_history_has_the_likely_shares_of_the_day_and_of_all_days(client: FlaskClient, store: Store):
    a_month(store)
    said = shares_on(client.get("/history?day=2026-05-10").text)
    head = r"Age Counted Likely share Range 0-12"
    assert re.search(rf"Sunday 10 May: Shares .* {head} 30 \(33 %\) ", said)
    assert re.search(rf"The last 30 days: Shares .* {head} 44 \(33 %\) .* women 45 \(51 %\) ", said)
    assert said.count("In 19 of 20 cases the truth lies within") == 1

    said = shares_on(client.get("/history?day=2026-05-11").text)
    assert "Monday 11 May Too few patrons: 50 visits with an age are needed, and there were 40." in said
    assert "The last 30 days: Shares" in said

    assert "Tuesday 12 May Too few patrons yet: 50 visits with an age are needed, and there are 3 so far." in shares_on(
        client.get("/history").text
    )
    assert "Saturday 9 May" not in shares_on(client.get("/history?day=2026-05-09").text)


def test_history_and_the_first_page_say_the_same_of_today(client: FlaskClient, store: Store):
    store.record([a_visit(NOON - 60 - i, *FACES[i % 3]) for i in range(60)], NOON)
    rows = re.findall(r'<tbody data-rows="likely">(.*?)</tbody>', client.get("/").text, re.DOTALL)
    of_day, of_month = re.findall(r'<tbody data-rows="likely">(.*?)</tbody>', client.get("/history").text, re.DOTALL)
    assert rows == [of_day] == [of_month], "of a month of one day"


def test_a_history_of_nobody_says_nothing_of_who_came(client: FlaskClient, store: Store):
    assert "Who came" not in client.get("/history").text


def test_few_visits_in_all_explain_no_shares_that_are_not_there(client: FlaskClient, lunch: Store):
    said = shares_on(client.get("/history").text)
    assert said.split("corrected for mistakes ")[1].strip() == (
        "Tuesday 12 May Too few patrons yet: 50 visits with an age are needed, and there are 4 so far. "
        "The last 30 days Too few patrons yet: 50 visits with an age are needed, and there are 5 so far."
    )


def test_a_day_whose_visits_were_deleted_is_told_from_its_windows(
    client_at: Callable[[float], FlaskClient], store: Store, settings: Settings
):
    a_month(store)
    before = shares_on(client_at(NOON).get("/history?day=2026-01-01").text)
    assert re.search(r"women 20 \(50 %\)", before)
    store.prune(NOON, settings.store)
    client = client_at(NOON)
    page = client.get("/history?day=2026-01-01").text
    assert "60 visits were counted on this day. Single visits are kept for 90 days" in text_of(page)
    assert "No visit was counted" not in page
    after = shares_on(page)
    assert re.search(r"Thursday 1 January: Shares .* 0-12 20 \(33 %\) .* women 20 \(50 %\) ", after)
    assert before != after, "from counts, which say less than visits"
    assert "No visit was counted on this day" in text_of(client.get("/history?day=2026-01-02").text)
