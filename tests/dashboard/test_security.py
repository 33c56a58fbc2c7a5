"""What protects a page that anybody on this device may open."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edge.config import Settings
from edge.dashboard import create_app
from edge.store import Store

STATIC = Path(str(resources.files("edge.dashboard"))) / "static"


@pytest.mark.parametrize("address", ["/", "/history", "/device", "/nowhere", "/api/v1/today", "/static/live.js"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, lunch: Store, address: str):
    with client.get(address) as answer:
        headers = answer.headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_chart_may_style_itself_and_nothing_else(client: FlaskClient):
    policy = client.get("/charts/hours.svg").headers["Content-Security-Policy"]

    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@pytest.mark.parametrize("address", ["/", "/history", "/device", "/nowhere"])
def test_pages_hold_no_inline_script_or_style_which_the_policy_would_block(
    client: FlaskClient, lunch: Store, address: str
):
    page = client.get(address).text

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("localhost:8000", 200, id="localhost"),
        pytest.param("127.0.0.1:8000", 200, id="ipv4"),
        pytest.param("[::1]:8000", 200, id="ipv6"),
        pytest.param("rebound.example:8000", 400, id="foreign-name"),
        pytest.param("localhost.example", 400, id="looks-like-localhost"),
        pytest.param("192.168.1.9", 400, id="lan-address"),
        pytest.param("", 400, id="empty"),
        pytest.param("[::1", 400, id="malformed"),
    ],
)
def test_only_loopback_names_are_answered(client: FlaskClient, lunch: Store, host: str, status: int):
    # A page elsewhere could have its own name point to this device and read the answer.
    assert client.get("/api/v1/visits", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_can_be_written(client: FlaskClient, method: str):
    assert getattr(client, method)("/api/v1/visits").status_code == 405


def test_no_page_changes_the_database(settings: Settings, lunch: Store):
    before = settings.store.path.read_bytes()
    app = create_app(settings)

    for rule in app.url_map.iter_rules():
        if "<" not in rule.rule:
            app.test_client().get(rule.rule)

    assert settings.store.path.read_bytes() == before


def palettes() -> dict[str, dict[str, str]]:
    text = (STATIC / "palette.css").read_text(encoding="utf-8")
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part))
        for name, part in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *[(ink, ground) for ink in ("ink", "muted", "accent") for ground in ("paper", "card", "accent-soft")],
        *[(ink, "card") for ink in ("female", "male", "ok", "warn", "bad")],
        *[("card", ground) for ground in ("female", "male", "accent")],
        ("ink", "bad-soft"), ("bad", "bad-soft"), ("ink", "warn-soft"), ("warn", "warn-soft"),
    ],
)  # fmt: skip
def test_text_has_a_contrast_of_at_least_four_and_a_half(scheme: str, ink: str, ground: str):
    colours = palettes()[scheme]

    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_stand_out_from_the_card(scheme: str):
    colours = palettes()[scheme]

    assert all(contrast(colours[bar], colours["card"]) >= 3 for bar in ("female", "male", "accent", "other"))
