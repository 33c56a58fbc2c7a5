"""What the device keeps is damaged, gone, or not for this user: named, with a way out, and nothing more is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge import cli
from edge.config import load_settings
from edge.provision import early
from edge.provision.document import template
from tests.provision.test_provision import CONFIG, FULL, KEYFILE, VAULT, Card

LAST_GOOD = "var/lib/maitred-device/last-good.toml"
SYSTEM = {
    "wifi.password": KEYFILE,
    "dashboard.password": "etc/maitred/dashboard.password",
    "uplink.secret": "etc/maitred/uplink.secret",
    "mqtt.password": "etc/maitred/mqtt.password",
    "camera.source": CONFIG,
    "camera.source.query": CONFIG,
    "uplink.url": CONFIG,
    "uplink.url.query": CONFIG,
}
"""Where else the system has each of them."""


@pytest.fixture
def card() -> Iterator[Card]:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        Path(folder).chmod(0o755)
        card = Card(Path(folder, "boot"), Path(folder, "root"))
        card.boot.mkdir()
        (card.root / "etc").mkdir(parents=True)
        (card.root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nmaitred:x:990:991::/:/bin/false\n")
        (card.root / "etc/group").write_text("root:x:0:\nmaitred:x:991:\n")
        yield card


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "emptied": (lambda path: path.write_bytes(b""), "damaged"),
    "zeros": (lambda path: path.write_bytes(bytes(4096)), "damaged"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe\x9c$\x80$"), "damaged"),
    "cannot be opened": (folder_in_its_place, "Is a directory"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", SYSTEM)
def test_a_damaged_secret_is_named_and_all_others_stay(card: Card, name: str, damage, reason: str):
    card.provision(FULL)
    before = card.tree()
    path = card.root / VAULT / name
    damage(path)
    (card.root / "etc/hostname").unlink()
    report = card.provision()

    (problem,) = report.problems
    assert problem.key == f"[{name.split('.')[0]}] {name.split('.')[1]}"
    assert problem.line
    assert f"taken over, but the device cannot read it any more ({reason}); write it" in problem.text
    assert problem.text in card.problems
    assert report.failures == ()
    for _ in range(2):  # and at the next start
        told = {str(path), str(card.boot / "maitred-problems.txt"), str(card.root / "etc/issue.d/maitred.issue")}
        after = card.tree()
        assert {k: v for k, v in before.items() if k not in told} == {k: v for k, v in after.items() if k not in told}
        card.provision()

    if path.is_dir():
        path.rmdir()
    right = FULL.splitlines()  # written anew: the one line of it that is named
    anew = card.file.read_text(encoding="utf-8").splitlines()
    anew[problem.line - 1] = right[problem.line - 1]
    report = card.provision("\n".join([*anew, ""]))

    assert (report.problems, report.failures) == ((), ())
    assert not card.problems
    assert path.read_text(encoding="utf-8")
    assert load_settings(card.root / CONFIG).camera.source.endswith("?key=camera-key&channel=1")


def test_a_damaged_secret_that_is_no_longer_needed_is_removed(card: Card):
    card.provision(FULL)
    (card.root / VAULT / "mqtt.password").write_bytes(b"")
    report = card.provision(card.file.read_text(encoding="utf-8").partition("[mqtt]")[0])

    assert (report.problems, report.failures) == ((), ())
    assert not (card.root / VAULT / "mqtt.password").exists()
    assert not (card.root / "etc/maitred/mqtt.password").exists()


@pytest.mark.parametrize("gone", ["a folder that is no more", "a file in its place"])
def test_if_all_secrets_are_lost_what_is_set_up_stays(card: Card, gone: str):
    card.provision(FULL)
    before = {path: (card.root / path).read_bytes() for path in SYSTEM.values()}
    shutil.rmtree(card.root / VAULT)
    if gone == "a file in its place":
        (card.root / VAULT).write_text("")
    report = card.provision()

    keys = {problem.key for problem in report.problems}
    assert {"[wifi] password", "[dashboard] password", "[uplink] secret", "[mqtt] password"} <= keys
    assert {path: (card.root / path).read_bytes() for path in SYSTEM.values()} == before
    assert card.read("etc/hostname") == "door-1\n"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="emptied"),
        pytest.param(lambda path: path.write_bytes(bytes(512)), id="zeros"),
        pytest.param(folder_in_its_place, id="cannot be opened"),
    ],
)
@pytest.mark.parametrize("there", ["no file", "a mistake"])
def test_without_the_last_good_settings_what_works_stays_as_it_is(card: Card, damage, there: str):
    card.provision(FULL)
    damage(card.root / LAST_GOOD)
    before = card.tree()
    if there == "no file":
        card.file.unlink()
        report = card.provision()
        assert not card.file.exists()  # the template there would take everything off the device
    else:
        report = card.provision(card.file.read_text(encoding="utf-8").replace("Door-1", "my door"))
        assert report.problems[0].key == "[device] hostname"

    assert "the settings that the device stored cannot be read any more (" in report.problems[-1].text
    assert report.problems[-1].text in card.problems
    told = {str(card.file), str(card.boot / "maitred-problems.txt"), str(card.root / "etc/issue.d/maitred.issue")}
    after = card.tree()
    assert {k: v for k, v in before.items() if k not in told} == {k: v for k, v in after.items() if k not in told}


def test_a_valid_file_replaces_damaged_settings(card: Card):
    card.provision(FULL)
    before = card.tree()
    (card.root / LAST_GOOD).write_bytes(bytes(512))
    report = card.provision()

    assert (report.problems, report.failures) == ((), ())
    assert card.tree() == before


def test_a_configuration_that_cannot_be_read_is_a_failure_and_the_rest_is_done(card: Card):
    (card.root / CONFIG).mkdir(parents=True)
    report = card.provision(FULL)

    assert [failure for failure in report.failures if "agent files: Is a directory" in failure]
    assert card.read("etc/hostname") == "door-1\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("closed", ["boot", "root/var/lib/maitred-device"])
def test_another_user_than_root_is_refused(card: Card, closed: str, capsys: pytest.CaptureFixture[str]):
    card.provision(FULL)
    words = ["provision", "--dry-run", "--boot", str(card.boot), "--root", str(card.root)]
    assert cli.main(words) == 0  # and every module is loaded now, from folders that are root's alone
    (card.boot.parent / closed).chmod(0o700)
    os.seteuid(65534)
    try:
        code = cli.main(words)
    finally:
        os.seteuid(0)

    assert code == 2
    assert f"{card.boot.parent / closed}: this user may not read it; run the command as root" in capsys.readouterr().err


def test_an_unreadable_file_is_named_by_the_wifi_step_before_the_installation(
    card: Card, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    card.file.write_text(template(), encoding="utf-8")

    def broken(self: Path, *arguments: object, **options: object):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", broken)
    assert early.main(card.boot, card.root) == 1
    assert "cannot be read (Input/output error)" in capsys.readouterr().err
