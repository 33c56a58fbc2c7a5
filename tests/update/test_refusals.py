"""What is no update for this device is refused by name, with the way out, and nothing is left of it."""

from __future__ import annotations

import base64
import io
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from update_device import Device, make_bundle

from edge.cli import main
from edge.update import install
from edge.update.releases import Releases

pytestmark = pytest.mark.slow

NOT_THE_KEY = SigningKey.generate()


def altered(path: Path, marker: bytes, replacement: bytes) -> Path:
    content = path.read_bytes()
    assert marker in content
    path.write_bytes(content.replace(marker, replacement, 1))
    return path


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


def foreign(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("etc/passwd"), io.BytesIO())
    return path


def repacked(path: Path, change: Callable[[tarfile.TarInfo, int], tarfile.TarInfo]) -> Path:
    """The same content with other headers."""
    with tarfile.open(path) as archive:
        members = [(member, archive.extractfile(member).read()) for member in archive]
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for number, (member, content) in enumerate(members):
            archive.addfile(change(member, number), io.BytesIO(content))
    return path


def as_link(member: tarfile.TarInfo, number: int) -> tarfile.TarInfo:
    if number == 2:
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/shadow"
    return member


def escaping(member: tarfile.TarInfo, number: int) -> tarfile.TarInfo:
    if number == 2:
        member.name = "../../../etc/cron.d/x"
    return member


CASES: dict[str, tuple[Callable[[Path, SigningKey], Path], str]] = {
    "no file": (lambda path, key: path.with_name("none"), "no such file"),
    "a folder": (lambda path, key: path.parent, "no such file"),
    "an empty file": (lambda path, key: cut(make_bundle(path, key, "2.0"), 0), "not an update of maitred"),
    "text": (lambda path, key: (path.write_text("hello\n" * 1000), path)[1], "not an update of maitred"),
    "another archive": (lambda path, key: foreign(path), "'etc/passwd' is in the place of manifest.json"),
    "half of it": (lambda path, key: cut(make_bundle(path, key, "2.0"), 6000), "cut short"),
    "the first bytes": (lambda path, key: cut(make_bundle(path, key, "2.0"), 900), "cut short"),
    "signed by another": (lambda path, key: make_bundle(path, NOT_THE_KEY, "2.0"), "not signed by a key"),
    "a changed manifest": (
        lambda path, key: altered(make_bundle(path, key, "2.0"), b'"version": "2.0"', b'"version": "9.0"'),
        "not signed by a key that this device trusts, or altered",
    ),
    "a changed agent": (
        lambda path, key: altered(make_bundle(path, key, "2.0"), b"import standin_helper", b"import standin_malice"),
        "is not what was signed",
    ),
    "a link in it": (lambda path, key: repacked(make_bundle(path, key, "2.0"), as_link), "damaged|altered"),
    "a path out of it": (lambda path, key: repacked(make_bundle(path, key, "2.0"), escaping), "altered"),
    "a signed path out of it": (
        lambda path, key: make_bundle(path, key, "2.0", changes={"units/maitred.service": "units/../../x.service"}),
        "manifest is faulty",
    ),
    "a wheel that is not in it": (
        lambda path, key: make_bundle(path, key, "2.0", changes={'[\n    "wheels/': '[\n    "wheels/not-'}),
        "manifest is faulty",
    ),
    "another form": (
        lambda path, key: make_bundle(path, key, "2.0", changes={'"schema": 1': '"schema": 2'}),
        "format 2",
    ),
    "no version": (lambda path, key: make_bundle(path, key, "2.0", changes={'"2.0"': '"2.0-+-"'}), "version"),
    "the same version": (lambda path, key: make_bundle(path, key, "1.0"), "the version that is installed"),
    "an older version": (lambda path, key: make_bundle(path, key, "0.9"), "older than what is installed"),
    "an older pre-release": (lambda path, key: make_bundle(path, key, "1.0rc1"), "older than what is installed"),
    "another processor": (lambda path, key: make_bundle(path, key, "2.0", machine="armv7l"), "on armv7l; this device"),
    "another Python": (lambda path, key: make_bundle(path, key, "2.0", python="3.9"), "is for Python 3.9"),
}


def update(device: Device, path: Path, *options: str) -> int:
    places = ["--releases", str(device.root), "--keys", str(device.keys), "--config", str(device.config)]
    return main(["update", str(path), *places, *options])


def nothing_is_left(device: Device) -> bool:
    return {path.name for path in device.root.iterdir()} <= {"factory", "current", ".lock"}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_update_is_refused_with_the_reason(
    device: Device, key: SigningKey, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
):
    make, words = CASES[case]
    path = make(tmp_path / "x.maitred", key)

    assert update(device, path) == 2

    printed = capsys.readouterr().err
    assert str(path) in printed
    assert re.search(words, printed), printed
    assert nothing_is_left(device)
    assert device.works() == "1.0"


def test_too_little_space_is_reported_in_numbers(
    device: Device, key: SigningKey, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(install, "MARGIN", 1 << 60)
    assert update(device, make_bundle(tmp_path / "x.maitred", key, "2.0")) == 2
    assert "too little space for the new release" in capsys.readouterr().err
    assert nothing_is_left(device)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no key to check updates with"),
        ("", "holds no key"),
        ("maitred-ed25519 c2hvcnQ= x\n", "a key has 5 bytes"),
        ("maitred-ed25519-secret AAAA x\n", "a line is not a key"),
    ],
)
def test_a_device_without_a_key_accepts_no_update(
    device: Device, key: SigningKey, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
):
    keys = tmp_path / "update.pub"
    if content is not None:
        keys.write_text(content, encoding="utf-8")
    path = make_bundle(tmp_path / "x.maitred", key, "2.0")
    assert main(["update", str(path), "--releases", str(device.root), "--keys", str(keys)]) == 2
    assert words in capsys.readouterr().err
    assert nothing_is_left(device)


def test_a_second_update_does_not_wait_for_the_first(device: Device, key: SigningKey, tmp_path: Path, capsys):
    path = make_bundle(tmp_path / "x.maitred", key, "2.0")
    with Releases(device.root).locked():
        assert update(device, path) == 2
    assert "an update is under way" in capsys.readouterr().err


def test_on_a_machine_without_releases_it_says_how_to_install(key: SigningKey, device: Device, tmp_path: Path, capsys):
    path = make_bundle(tmp_path / "x.maitred", key, "2.0")
    (tmp_path / "empty").mkdir()
    places = ["--releases", str(tmp_path / "empty"), "--keys", str(device.keys)]
    assert main(["update", str(path), *places]) == 2
    assert "install.sh" in capsys.readouterr().err


def test_one_of_several_keys_is_enough(device: Device, key: SigningKey, tmp_path: Path, capsys):
    keys = tmp_path / "update.pub"
    other = base64.b64encode(bytes(NOT_THE_KEY.verify_key)).decode()
    keys.write_text(f"maitred-ed25519 {other} next\n" + device.keys.read_text(encoding="utf-8"), encoding="utf-8")
    for signer in (key, NOT_THE_KEY):
        path = make_bundle(tmp_path / "x.maitred", signer, "2.0")
        places = ["--releases", str(device.root), "--keys", str(keys)]
        assert main(["update", str(path), "--check", *places]) == 0
        assert "maitred 2.0" in capsys.readouterr().out
    assert nothing_is_left(device)
