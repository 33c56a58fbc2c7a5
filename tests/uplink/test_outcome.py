"""What answers mean, and how long the pauses are."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from requests.structures import CaseInsensitiveDict

from edge.uplink.outcome import judge
from edge.uplink.sink import Verdict

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *[(status, Verdict.ACKNOWLEDGED) for status in (200, 201, 202, 204, 299, 409)],
        *[(status, Verdict.REJECTED) for status in (400, 402, 406, 411, 412, 413, 415, 422, 431, 451, 499)],
        *[(status, Verdict.RETRY) for status in (401, 403, 404, 405, 407, 408, 421, 425, 426, 429)],
        *[(status, Verdict.RETRY) for status in (300, 301, 302, 303, 304, 307, 308)],
        *[(status, Verdict.RETRY) for status in (500, 501, 502, 503, 504, 505, 507, 520, 599, 600, 999)],
        (410, Verdict.STOP),
    ],
)
def test_each_status_has_its_verdict(status: int, verdict: Verdict):
    assert judge(status, {}, "", NOW).verdict == verdict


def test_the_reason_holds_the_beginning_of_the_answer_on_one_printable_line():
    reason = judge(422, {}, "unknown\r\nsite \x1b[31m" + "x" * 1000, NOW).reason
    assert reason.startswith("HTTP 422: unknown site [31mxxx")
    assert len(reason) < 250


def test_a_redirect_is_named_with_its_target_and_the_way_out():
    reason = judge(308, {"Location": "https://example.com/new"}, "moved", NOW).reason
    assert reason == (
        "HTTP 308 redirects to https://example.com/new;"
        " redirects are not followed, set [uplink] url to the final address"
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        (formatdate(NOW + 90, usegmt=True), 90),
        (formatdate(NOW - 90, usegmt=True), 0),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("99999999999999999999", 0),
        ("Fri, 99 Foo 2026 00:00:00 GMT", 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_seconds_or_a_date_and_ignored_otherwise(status: int, value: str, seconds: float):
    assert judge(status, CaseInsensitiveDict({"retry-after": value}), "", NOW).retry_after_s == seconds
