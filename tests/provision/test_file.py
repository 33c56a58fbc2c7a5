"""The file as it comes from other computers: its name, its encoding, its line ends, and the way secrets are written."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path

import pytest

from edge.config import settings
from edge.provision import document
from edge.provision.check import check
from edge.provision.document import Unreadable, find
from edge.provision.secrets import NOTE, NOTE_IN_ADDRESS, Vault

TEXT = '# à la carte\n[wifi]\nssid = "Chez Émile"\npassword = "12345678"\ncountry = "FR"\n'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
    ],
    ids=["plain", "mark", "windows", "old mac", "notepad unicode", "big endian", "without mark"],
)
def test_a_file_is_written_back_as_it_was_saved(tmp_path: Path, content: bytes):
    (tmp_path / "maitred.toml").write_bytes(content)
    saved = find(tmp_path)
    assert saved is not None
    assert saved.encode(saved.text) == content

    found = check(saved.text, Vault(tmp_path))

    assert found.problems == ()
    assert found.settings.wifi is not None
    assert found.settings.wifi.ssid == "Chez Émile"
    assert found.new_secrets == {"wifi.password": "12345678"}
    expected = saved.text.replace('"12345678"', f'""  {NOTE}')
    assert found.blanked == expected


@pytest.mark.parametrize("name", ["maitred.toml.txt", "MAITRED.TOML", "maitred.txt", "Maitred.toml.TXT"])
def test_file_names_that_editors_make_are_found(tmp_path: Path, name: str):
    (tmp_path / name).write_text(TEXT)
    (tmp_path / "._maitred.toml").write_text("of a Mac")
    found = find(tmp_path)

    assert found is not None
    assert found.path.name == name


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"maitred.toml": b"x", "maitred.toml.txt": b"y"}, "there are maitred.toml and maitred.toml.txt; keep the one"),
        ({"maitred.toml": b"\r\n \n"}, "the file is empty"),
        ({"maitred.toml": b"\0" * 4096}, "the file is empty"),
        ({"maitred.toml": "[site]\nname = 'é'".encode("latin-1")}, "line 2: a letter with an accent"),
        ({"maitred.toml": b"x" * 3000}, "longer than 64 kB, or than 2000 characters in a line"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, files: dict[str, bytes], expected: str):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable) as refused:
        find(tmp_path)
    assert str(refused.value.problem).startswith(expected)


def test_the_limits_are_those_of_the_agents_file():
    assert (document.MAX_BYTES, document.MAX_LINE) == (settings.MAX_BYTES, settings.MAX_LINE)


def test_a_missing_file_is_not_a_mistake(tmp_path: Path):
    assert find(tmp_path) is None
    assert find(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("text", "blanked"),
    [
        ("[mqtt]\nusername='a'\npassword='x' # mine\n", f"[mqtt]\nusername='a'\npassword=\"\" # mine  {NOTE}\n"),
        ("[mqtt]\nusername='x'\npassword='x'", f"[mqtt]\nusername='x'\npassword=\"\"  {NOTE}"),
        ("[mqtt]\nusername='a'\npassword='''x'''\n", f"[mqtt]\nusername='a'\npassword=\"\"  {NOTE}\n"),
        ("[mqtt]\nusername='a'\npassword = \"\\u0078\"\n", f"[mqtt]\nusername='a'\npassword = \"\"  {NOTE}\n"),
        ("mqtt = {username='a', password='x'}\n", f"mqtt = {{username='a', password=\"\"}}  {NOTE}\n"),
        ("mqtt.username='a'\nmqtt.\"password\"='x'\n", f'mqtt.username=\'a\'\nmqtt."password"=""  {NOTE}\n'),
        ("# 'x'\n[mqtt]\npassword='x'\nusername='a'\n", f"# 'x'\n[mqtt]\npassword=\"\"  {NOTE}\nusername='a'\n"),
        (f"[mqtt]\nusername='a'\npassword='x'  {NOTE}\n", f"[mqtt]\nusername='a'\npassword=\"\"  {NOTE}\n"),
        ("[mqtt]\nusername='it''s'\n", None),
    ],
)
def test_a_secret_is_blanked_however_it_is_written(tmp_path: Path, text: str, blanked: str | None):
    found = check(text, Vault(tmp_path))
    if blanked is None:
        assert found.problems
        return
    assert found.problems == ()
    assert found.blanked == blanked
    assert tomllib.loads(found.blanked)["mqtt"]["password"] == ""


SECRETS_OF = {
    "rtsp://a:b@cam/x": (("b", None), "rtsp://a:@cam/x"),
    "rtsp://a:b%40@cam:554": (("b%40", None), "rtsp://a:@cam:554"),
    "rtsp://:b@cam/x": (("b", None), "rtsp://:@cam/x"),
    "rtsp://a@cam/x": ((None, None), "rtsp://a@cam/x"),
    "rtsp://a:@cam/x": ((None, None), "rtsp://a:@cam/x"),
    "rtsp://cam/x:y@z": ((None, None), "rtsp://cam/x:y@z"),
    "http://cam/x?user=a&pwd=b": ((None, "user=a&pwd=b"), "http://cam/x?"),
    "http://cam?pwd=b": ((None, "pwd=b"), "http://cam?"),
    "http://cam:81?to=a:b@c": ((None, "to=a:b@c"), "http://cam:81?"),
    "http://a:b@cam/x?pwd=c?d/e@f": (("b", "pwd=c?d/e@f"), "http://a:@cam/x?"),
    "http://a:b@cam?pwd=c#e": (("b", "pwd=c"), "http://a:@cam?#e"),
    "http://a:?@cam/": ((None, None), None),
    "http://cam/x?": ((None, None), "http://cam/x?"),
}


@pytest.mark.parametrize(("section", "key"), [("camera", "source"), ("uplink", "url")])
@pytest.mark.parametrize(("address", "expected"), SECRETS_OF.items(), ids=SECRETS_OF)
def test_secrets_in_an_address_are_stored_on_the_device(tmp_path: Path, section, key, address: str, expected):
    address = address if section == "camera" else address.replace("rtsp://", "https://")
    (password, query), blanked = expected
    vault, more = Vault(tmp_path), '\nsecret_file = "s"' if section == "uplink" else ""
    found = check(f'[{section}]\n{key} = "{address}"{more}\n', vault)
    if blanked is None:
        assert "%3F" in str(found.problems[0])
        return
    assert found.problems == ()
    assert (found.new_secrets.get(f"{section}.{key}"), found.new_secrets.get(f"{section}.{key}.query")) == (
        password,
        query,
    )
    shown = blanked if section == "camera" else blanked.replace("rtsp://", "https://")
    assert tomllib.loads(found.blanked)[section][key] == shown
    assert found.blanked.count(NOTE_IN_ADDRESS) == bool(found.new_secrets)
    assert found.agent[section][key] == address
    for name, secret in found.new_secrets.items():
        vault.put(name, secret)
    again = check(found.blanked, vault)
    assert again.agent[section][key] == address
    assert (again.new_secrets, again.old_secrets, again.blanked) == ({}, found.new_secrets.keys(), found.blanked)


@pytest.mark.parametrize("source", ["v4l2:/dev/video0", "picamera2:", "/srv/my clip?.mp4"])
def test_text_that_is_not_an_address_holds_no_secret(tmp_path: Path, source: str):
    found = check(f'[camera]\nsource = "{source}"\n', Vault(tmp_path))
    assert (found.problems, dict(found.new_secrets), found.agent["camera"]["source"]) == ((), {}, source)
