"""docs/security.md and the notice for the door say what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.config import Settings
from edge.dashboard import login_throttle, password, server

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
NOTICE = (DOCS / "door-notice.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "key"),
    [("store", "keep_visits_days"), ("store", "keep_windows_days"), ("store", "keep_outbox_days"),
     ("dashboard", "session_hours")],
)  # fmt: skip
def test_the_retention_on_the_page_is_the_default(section: str, key: str):
    (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`[{section}] {key}`" in line]

    assert re.search(r"\| (\d+) \w+ \|$", row)[1] == str(getattr(getattr(Settings(), section), key))


def test_the_limits_on_guessing_are_those_of_the_code():
    assert f"{login_throttle.BURST} at once and one a minute" in PAGE
    assert login_throttle.REFILL_S == 60
    assert f"{86400 / login_throttle.ALL_REFILL_S:,.0f} a day" in PAGE
    assert f"closed after {server.IDLE_S} seconds" in PAGE
    assert password.METHOD == "scrypt:32768:8:1"  # 128 * N * r bytes: the 32 MB of the page


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE):
        assert (DOCS / target).exists(), target


def test_the_readme_leads_here():
    assert "docs/security.md" in (DOCS.parent / "README.md").read_text(encoding="utf-8")


def test_the_notice_needs_nothing_from_elsewhere_and_says_the_default():
    assert "://" not in NOTICE
    assert "<script" not in NOTICE
    assert f">{Settings().store.keep_visits_days}</span> days" in NOTICE
