"""Every mistake in the file at once, each with its line, its key and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.provision.check import check
from edge.provision.secrets import Vault

WIFI = '[wifi]\nssid = "x"\ncountry = "DE"\n'


@pytest.fixture
def told(tmp_path: Path):
    def of(text: str) -> list[str]:
        return [str(problem) for problem in check(text, Vault(tmp_path)).problems]

    return of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Not TOML.
        ("[wifi]\nssid = “x”\ncountry = \"DE\"", "line 2: ssid: has curly quotes"),
        ("[site]\nname = Chez", "line 2: name: text is written in straight quotes: name = \"…\""),
        ("[site]\nname = \"Chez", "line 2: name: the closing quote is missing"),
        ("[site]\nname = \"a\" b", "line 2: name: has text behind the closing quote"),
        ("[site]\nname =", "line 2: name: has no value behind the ="),
        ("[site]\nname: \"a\"", "line 2: write = in place of the colon"),
        ("[site]\nhello", "line 2: is neither [SECTION] nor KEY = VALUE"),
        ("[site\nname = \"a\"", "line 1: a section is its name in brackets"),
        (WIFI + "hidden = yes", "line 4: hidden: write true or false"),
        (WIFI + "hidden = True", "line 4: hidden: write true or false"),
        (WIFI + 'password = "a\\dbcdefgh"', "line 4: password: has a backslash in it: write password = '…'"),
        ("[camera]\nfps = 7,5", "line 2: fps: decimals have a point"),
        ("[site]\nname = \"a\"\nname = \"b\"", "line 3: name: is in the file a second time"),
        ("[site]\nname = \"a\"\n[site]\n", "line 3: is in the file a second time"),
        ('[wifi]\nssid =\u00a0"x"\ncountry = "DE"', "line 2: ssid: has invisible characters, as text from a web page"),
        ('[wifi]\nssid = "x"\u200b\ncountry = "DE"', "line 2: ssid: has invisible characters"),
        ('[wifi]\n\ufeffssid = "x"\ncountry = "DE"', "line 2: has invisible characters"),
        ('[wifi]\u00a0\nssid = "x"\ncountry = "DE"', "line 1: has invisible characters"),
        # Not known.
        ("[wlan]\nssid = \"x\"", "line 1: [wlan]: unknown section; "),
        ("[wify]\nssid = \"x\"", "line 1: [wify]: unknown section; did you mean 'wifi'?"),
        (WIFI + "pasword = \"12345678\"", "line 4: [wifi] pasword: unknown key; did you mean 'password'?"),
        ("name = \"x\"\n[site]", "line 1: [name]: unknown section"),
        ('[census]\nssid = "x"', "line 2: [census] ssid: unknown key; it belongs below [wifi]: is a # left"),
        ('[site]\npassword = "x"', "line 2: [site] password: unknown key; it belongs below [mqtt] or [dashboard] or"),
        ('ssid = "x"', "line 1: [ssid]: unknown section; it belongs below [wifi]"),
        # Out of bounds.
        ("[wifi]\nssid = \"x\"", "line 1: [wifi] country: is needed and missing. The two letters of the country"),
        ('[wifi]\nssid = "x"\ncountry = "UK"', "line 3: [wifi] country: the United Kingdom's two letters are GB"),
        ('[wifi]\nssid = "x"\ncountry = "Germany"', "line 3: [wifi] country: must be the country's two letters"),
        (f'[wifi]\nssid = "{"é" * 17}"\ncountry = "FR"', "line 2: [wifi] ssid: the name of a network has at most 32"),
        (WIFI + 'password = "short"', "line 4: [wifi] password: a Wi-Fi password has 8 to 63 characters"),
        (WIFI + f'password = "{"x" * 64}"', "line 4: [wifi] password: a Wi-Fi password has 8 to 63 characters"),
        (WIFI + 'password = ""', "line 4: [wifi] password: is empty, and none was taken over before"),
        (WIFI + "password = 12345678", "line 4: [wifi] password: must be text in straight quotes"),
        ('[device]\nhostname = "my door"', "line 2: [device] hostname: may have only letters a to z"),
        ('[device]\nhostname = "door.local"', "line 2: [device] hostname: may have only letters a to z"),
        ('[dashboard]\npassword = "short"', "line 2: [dashboard] password: a password has 10 to 200 characters"),
        ('[dashboard]\nhost = "0.0.0.0"', "line 2: [dashboard] host: needs a password below it"),
        ('[uplink]\nurl = "https://a.example/x"', "line 2: [uplink] url: needs the secret of the endpoint"),
        ('[uplink]\nurl = "https://a.example/x"\nsecret = "whsec_short"', "line 3: [uplink] secret: must be whsec_"),
        ('[uplink]\nurl = "ftp://a"', "line 2: [uplink] url: 'ftp://a' is not an http(s) address"),
        ('[mqtt]\nhost = "b"\npassword = "x"', "line 1: [mqtt]: a password needs a username"),
        ('[site]\ntimezone = "Paris"', "line 2: [site] timezone: no such time zone: 'Paris'"),
        ('[site]\ntimezone = "localtime"', "line 2: [site] timezone: localtime is not a time zone"),
        ('[camera]\nsource = "rtsp://me:a/b@cam/x"', "line 2: [camera] source: a / in its password"),
        ('[camera]\nsource = "rtsp://me:a b@cam/x"', "line 2: [camera] source: a blank in it is written %20"),
        ('[uplink]\nsecret_file = "s"\nurl = "https://me:a?b@h/x"', "line 3: [uplink] url: a / in its password"),
        (
            '[uplink]\nurl = "htps://me:geheim@h/?key=geheim"',
            "line 2: [uplink] url: 'htps://***@h/?***' is not an http(s)",
        ),
        ('[site]\nname = "Chez Emile"', "line 2: [site] name: has characters that are not allowed, such as a blank"),
        ('[camera]\nsource = "/dev/video0"', 'line 2: [camera] source: not a kind of camera; write "v4l2:/dev/video0"'),
        ('[camera]\nsource = "usb"', "line 2: [camera] source: not a kind of camera"),
        ('[camera]\nsource = "clip.mp4"', "line 2: [camera] source: not a kind of camera"),
        ('[camera]\nsource = "v4l2:0"', "line 2: [camera] source: not a kind of camera"),
        ('[camera]\nsource = "htp://cam/"', "line 2: [camera] source: not a kind of camera"),
        ('[camera]\nfps = "ten"', "line 2: [camera] fps: must be a number, without quotes. Frames per second"),
        ("[camera]\nwidth = 9000", "line 2: [camera] width: must be less than or equal to 1920"),
        ("[ssh]", "line 1: [ssh]: holds no key"),
        ('[ssh]\nauthorized_key = "-----BEGIN OPENSSH PRIVATE KEY-----"', "line 2: [ssh] authorized_key: this is"),
        ('[ssh]\nauthorized_key = "ssh-ed25519 AAAA"', "line 2: [ssh] authorized_key: not a public key"),
        ('wifi = "x"', "line 1: [wifi]: is a section"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_the_way_out(told, text: str, expected: str):
    (problem,) = told(text)
    assert problem.startswith(expected)


def test_all_mistakes_are_reported_at_once(told):
    found = told('[site]\nname = Chez\ntimezone = "Paris"\n[wifi]\nssid = “x”\npassword = "1234"\n[camera]\nfps = 0\n')

    assert [line.partition(":")[0] for line in found] == ["line 2", "line 5", "line 3", "line 8", "line 6"]


def test_a_list_that_is_not_closed_is_reported_once(told):
    assert told("[census]\nbands = [0, 18\n\n[site]\nname = 'x'\n")


def test_an_address_on_a_broken_line_shows_no_password_either(told):
    for key, address in (
        ("source", "rtsp://me:geheim/1@cam/"), ("source", "rtsp://me:gehe im@cam/?a=geheim"), ("url", "x://:geheim@h/"),
        ("url", "https://a:geheim/1@host/?key=geheim"), ("url", "https://[a:geheim@host/?key=geheim"),
    ):  # fmt: skip
        section = "camera" if key == "source" else "uplink"
        (found,) = told(f'[{section}]\n{key} = "{address}"\n' + ('secret_file = "s"\n' if key == "url" else ""))
        assert "geheim" not in found


def test_mistakes_that_follow_from_a_broken_line_are_not_reported(told):
    assert len(told('[wifi]\nssid = x\ncountry = "DE"\n')) == 1


def test_no_message_holds_a_password(told):
    for text in (
        'password = geheim-1234', 'password = “geheim-1234”', 'password = "geheim-1234', "password = ['geheim-1234']",
        'password = "\\geheim-1234"', 'pasword = "geheim-1234"',
        'url = "htps://me:geheim-1234@host/"', 'url = "https:///?token=geheim-1234"', 'url = "https://a:geheim/1@host/"',
        'url = "https://me:geheim 1@host/"',
    ):  # fmt: skip
        found = told(f"{WIFI}{text}\n[dashboard]\n{text}\n[mqtt]\n{text}\n[uplink]\n{text}\n")
        assert found
        assert "geheim" not in "".join(found), text


@pytest.mark.parametrize(
    "text",
    ["", "\n\n# nothing\n", '[wifi]\nssid = "open"\ncountry = "gb"\n', "wifi = {ssid = 'x', country = 'DE'}",
     WIFI + f'password = "{"aB" * 32}"',
     '\t[wifi]\n\tssid\t=\t"a"\t# “x”\n\tcountry = "DE"\n', 'wifi.ssid = "a"\nwifi.country = "US"'],
)  # fmt: skip
def test_valid_settings_are_accepted(told, text: str):
    assert told(text) == []
