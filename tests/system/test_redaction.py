"""Addresses without what is no one else's business, alone and in the midst of a text."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import load_settings
from edge.errors import BadInput
from edge.system.redaction import conceal, flaw, redact, without_secrets
from edge.system.systemd import DiscreetFormatter, JournalFormatter

ADDRESSES = {
    "nothing to hide": ("rtsp://cam/door", "rtsp://cam/door"),
    "user and password": ("rtsp://door:s3cret@cam:554/1", "rtsp://***@cam:554/1"),
    "a token for a user": ("https://s3cret@host/", "https://***@host/"),
    "an unescaped @": ("rtsp://door:s3@cret@cam/1", "rtsp://***@cam/1"),
    "an unescaped /": ("rtsp://door:s3/cret@cam/1", "rtsp://***@cam/1"),
    "an unescaped ?": ("rtsp://door:s3?cret@cam/1", "rtsp://***@cam/1"),
    "in the query": ("http://cam/video?user=door&pwd=s3cret", "http://cam/video?***"),
    "in the query, without a path": ("https://host?token=s3cret", "https://host?***"),
    "both": ("https://me:s3cret@host:8443/v1?token=s3cret", "https://***@host:8443/v1?***"),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_shown_without_its_credentials(address: str, expected: str):
    assert without_secrets(address) == expected
    assert redact(address) == expected
    assert redact(f"cannot open {address}: no answer (see <{address}>), try again") == (
        f"cannot open {expected}: no answer (see <{expected}>), try again"
    )
    assert without_secrets(expected) == redact(expected) == expected


def test_an_address_with_a_blank_is_hidden_to_its_end():
    assert without_secrets("rtsp://door:s3 cret@cam/1?a b") == "rtsp://***@cam/1?***"


@pytest.mark.parametrize("text", ["is it on? yes", "v4l2:/dev/video0", "mail you@example.com", "/a/b?", "a?b", ""])
def test_other_text_stays_as_it_is(text: str):
    assert redact(text) == text


def test_a_query_without_scheme_and_host_is_hidden_as_logs_of_http_have_it():
    assert redact('https://host:443 "POST /v1?token=s3cret HTTP/1.1" 204 0') == (
        'https://host:443 "POST /v1?*** HTTP/1.1" 204 0'
    )


@pytest.mark.parametrize(
    "echo",
    [
        "no such token: abc+def/123",
        "no such token: abc%2Bdef%2F123",
        "no way for me:geheim-1",
        "Cannot POST /v1?key=abc%2Bdef%2F123&x=1",
        '{"url": "https://me:geheim-1@host/v1?key=abc%2Bdef%2F123&x=1"}',
    ],
)
def test_what_an_endpoint_repeats_is_concealed(echo: str):
    told = conceal(echo, "https://me:geheim-1@host/v1?key=abc%2Bdef%2F123&x=1")
    assert not [secret for secret in ("abc", "geheim") if secret in told]
    assert "***" in told


def test_a_short_value_is_no_reason_to_hide_every_digit():
    assert conceal("HTTP 401: 1 error", "https://host/v1?channel=1&x=") == "HTTP 401: 1 error"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rtsp://me:a/b@cam/x", "%2F"), ("rtsp://me:a?b@cam/x", "%3F"), ("rtsp://me:a#b@cam/x", "%23"),
        ("rtsp://me:a b@cam/x", "%20"), ("https://host/a b", "%20"),
        ("rtsp://me:a@b@cam/x", ""), ("rtsp://cam:554/x@y", ""), ("rtsp://cam:554?to=x@y", ""),
        ("https://host/v1?to=x:y@z", ""), ("rtsp://u:p@[::1]/x?to=a@b", ""), ("rtsp://[::1]:554/x@y", ""),
        ("my clip@home/a.mp4", ""), ("v4l2:/dev/video0", ""), ("", ""),
    ],
)  # fmt: skip
def test_what_every_reader_would_cut_at_another_place_is_told(address: str, expected: str):
    told = flaw(address)
    assert expected in told
    assert bool(told) == bool(expected)


@pytest.mark.parametrize("formatter", [DiscreetFormatter("%(message)s"), JournalFormatter("%(message)s")])
def test_a_log_hides_what_a_library_tells(formatter: logging.Formatter):
    try:
        raise OSError("no route to https://me:s3cret@host/v1?token=s3cret")
    except OSError:
        record = logging.LogRecord(
            "urllib3", logging.ERROR, "x.py", 1, 'POST "%s"', ("/v1?token=s3cret",), sys.exc_info()
        )
    told = formatter.format(record)

    assert "s3cret" not in told
    assert 'POST "/v1?***' in told
    assert "no route to https://***@host/v1?***" in told


def test_the_program_logs_with_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    handlers: list[logging.Handler] = []
    monkeypatch.setattr(logging, "basicConfig", lambda **options: handlers.extend(options["handlers"]))
    for journal in (None, "8:12345"):
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
        if journal:
            monkeypatch.setenv("JOURNAL_STREAM", journal)
        main(["doctor", "--config", "/nowhere.toml"])
    capsys.readouterr()

    assert len(handlers) == 2
    assert all(isinstance(handler.formatter, DiscreetFormatter) for handler in handlers)


def test_a_refused_endpoint_is_named_without_its_credentials(tmp_path: Path):
    config = tmp_path / "maitred.toml"
    config.write_text('[uplink]\nurl = "htps://me:s3cret@host/v1?token=s3cret"\n')
    with pytest.raises(BadInput) as refused:
        load_settings(config)
    assert "s3cret" not in str(refused.value)
    assert "'htps://***@host/v1?***' is not an http(s) address" in str(refused.value)
