"""Setting up a system in a folder, with real files, owners and hashes, and pulling the plug at every write."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.security import check_password_hash

from edge.config import load_settings
from edge.provision.document import template
from edge.provision.run import provision
from edge.provision.secrets import NOTE, NOTE_IN_ADDRESS
from tests.power_cuts import PowerCut, cut_at

SECRET = "whsec_cHJvdmlzaW9uaW5nLCBpbiB0ZXN0cy4u"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEr6Y7BmMqVjGS9/oD6RPpqlN7q0jDRLR8EeJcPlKV4z me@example"
FULL = f"""\
# mine
[device]
hostname = "Door-1"
[site]
name = "chez-emile"
timezone = "Asia/Tokyo"
[camera]
source = "rtsp://eye:camera-pass@10.0.0.9/live?key=camera-key&channel=1"
[wifi]
ssid = "Chez Émile"
password = 'pa"ss\\word #1'   # from the router's label
country = "fr"
hidden = true
[dashboard]
password = "a long password"
session_hours = 12
[uplink]
url = "https://door:url-pass@census.example.com/v1/windows?token=url-token"
secret = "{SECRET}"
[mqtt]
host = "broker.example.com"
username = "door"
password = "mqtt-pass"
[ssh]
authorized_key = "{KEY}"
"""
PASSWORDS = (
    "camera-pass", "camera-key", 'pa"ss\\word', "a long password", "url-pass", "url-token", SECRET, "mqtt-pass"
)  # fmt: skip
USERS = "root:x:0:0::/root:/bin/sh\nmaitred:x:990:991::/:/bin/false\nmaitred-admin:x:992:992::/:/bin/bash\n"
CONFIG = "etc/maitred/maitred.toml"
KEYFILE = "etc/NetworkManager/system-connections/maitred-wifi.nmconnection"
VAULT = "var/lib/maitred-device/secrets"


@dataclass(frozen=True)
class Card:
    boot: Path
    root: Path

    @property
    def file(self) -> Path:
        return self.boot / "maitred.toml"

    @property
    def problems(self) -> str:
        path = self.boot / "maitred-problems.txt"
        return " ".join(path.read_text(encoding="utf-8-sig").split()) if path.exists() else ""

    def read(self, inside: str) -> str:
        return (self.root / inside).read_text(encoding="utf-8")

    def provision(self, text: str | None = None, **options: bool):
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        return provision(self.boot, self.root, **options)

    def tree(self) -> dict[str, tuple[str, bytes]]:
        """Every file but those that differ each time: hashes with salts, keys."""
        found = {}
        for path in sorted([*self.boot.rglob("*"), *self.root.rglob("*")]):
            if path.is_symlink():
                found[str(path)] = ("link", str(path.readlink()).encode())
            elif path.is_file():
                status, changing = path.stat(), "dashboard.password" in path.name or "host" in path.name
                owner = f"{stat.S_IMODE(status.st_mode):o} {status.st_uid}:{status.st_gid}"
                found[str(path)] = (owner, b"" if changing and "hosts" not in path.name else path.read_bytes())
        return found


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in RAM where there is one: a disk flushes each file that takes another's place, hundreds of them."""
    ram = Path("/dev/shm")
    if not os.access(ram, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=ram) as folder:
        yield Path(folder)


@pytest.fixture
def make_card(memory: Path) -> Callable[[str], Card]:
    def make(name: str) -> Card:
        card = Card(memory / name / "boot", memory / name / "root")
        card.boot.mkdir(parents=True)
        (card.root / "etc").mkdir(parents=True)
        (card.root / "etc/passwd").write_text(USERS)
        (card.root / "etc/group").write_text("root:x:0:\nmaitred:x:991:\nmaitred-admin:x:992:\n")
        (card.root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n")
        return card

    return make


@pytest.fixture
def card(make_card: Callable[[str], Card]) -> Card:
    return make_card("card")


def kept(card: Card, name: str) -> str:
    path = card.root / VAULT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_everything_in_the_file_is_set_up(card: Card):
    report = card.provision(FULL)

    assert (report.problems, report.failures) == ((), ())
    assert card.read("etc/hostname") == "door-1\n"
    assert card.read("etc/hosts") == "127.0.0.1\tlocalhost\n127.0.1.1\tdoor-1\n"
    assert str((card.root / "etc/localtime").readlink()) == "/usr/share/zoneinfo/Asia/Tokyo"
    assert card.read("etc/timezone") == "Asia/Tokyo\n"
    assert "ieee80211_regdom=FR" in card.read("etc/modprobe.d/maitred-wifi.conf")
    connection = card.read(KEYFILE)
    assert "hidden=true\n" in connection
    assert 'psk=pa"ss\\\\word #1\n' in connection
    ssid = next(line for line in connection.splitlines() if line.startswith("ssid="))
    assert bytes(int(byte) for byte in ssid[5:].split(";")[:-1]).decode() == "Chez Émile"
    settings = load_settings(card.root / CONFIG)
    assert settings.camera.source == "rtsp://eye:camera-pass@10.0.0.9/live?key=camera-key&channel=1"
    assert settings.uplink.url == "https://door:url-pass@census.example.com/v1/windows?token=url-token"
    assert (settings.dashboard.host, settings.dashboard.session_hours) == ("0.0.0.0", 12)
    assert settings.uplink.secret_file == Path("/etc/maitred/uplink.secret")
    assert settings.mqtt.password_file == Path("/etc/maitred/mqtt.password")
    assert card.read("etc/maitred/uplink.secret") == f"{SECRET}\n"
    assert check_password_hash(card.read("etc/maitred/dashboard.password").strip(), "a long password")
    assert card.read("etc/ssh/authorized_keys.d/maitred-admin") == f"{KEY}\n"
    assert "http://door-1.local:8000/" in card.read("etc/issue.d/maitred.issue")
    assert not card.problems


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_have_their_owners(card: Card):
    card.provision(FULL)
    expected = {
        CONFIG: ("640", 0, 991),
        "etc/maitred/uplink.secret": ("600", 990, 991),
        "etc/maitred/mqtt.password": ("600", 990, 991),
        "etc/maitred/dashboard.password": ("640", 0, 991),
        KEYFILE: ("600", 0, 0),
        "etc/sudoers.d/maitred-admin": ("440", 0, 0),
        "etc/ssh/authorized_keys.d/maitred-admin": ("644", 0, 0),
        "var/lib/maitred-device": ("700", 0, 0),
        "var/lib/maitred-device/secrets": ("700", 0, 0),
        "var/lib/maitred-device/secrets/wifi.password": ("600", 0, 0),
        "var/lib/maitred-device/last-good.toml": ("600", 0, 0),
        "var/lib/maitred-device/ssh/ssh_host_ed25519_key": ("600", 0, 0),
    }
    status = {path: (card.root / path).stat() for path in expected}
    assert {path: (f"{stat.S_IMODE(s.st_mode):o}", s.st_uid, s.st_gid) for path, s in status.items()} == expected


def test_secrets_are_gone_from_the_boot_partition_and_the_rest_of_the_file_is_as_it_was(card: Card):
    report = card.provision(FULL)

    text = card.file.read_text(encoding="utf-8")
    assert set(report.taken_over) == {
        "wifi.password", "dashboard.password", "uplink.secret", "mqtt.password", "camera.source",
        "camera.source.query", "uplink.url", "uplink.url.query",
    }  # fmt: skip
    everything = b"".join(path.read_bytes() for path in card.boot.iterdir())
    assert not [secret for secret in PASSWORDS if secret.encode() in everything]
    assert f'password = ""   # from the router\'s label  {NOTE}\n' in text
    assert f'source = "rtsp://eye:@10.0.0.9/live?"  {NOTE_IN_ADDRESS}\n' in text
    assert f'url = "https://door:@census.example.com/v1/windows?"  {NOTE_IN_ADDRESS}\n' in text
    unchanged = [line for line in FULL.splitlines() if not any(secret in line for secret in PASSWORDS)]
    assert [line for line in text.splitlines() if NOTE not in line and NOTE_IN_ADDRESS not in line] == unchanged
    assert "a long password" not in "".join(path.read_text() for path in (card.root / VAULT).iterdir())


def test_the_old_file_is_overwritten_on_the_card(card: Card):
    card.file.write_text(FULL, encoding="utf-8")
    with card.file.open("rb") as old:
        card.provision()
        old.seek(0)
        assert set(old.read()) == {0}


def test_a_second_boot_changes_nothing(card: Card):
    card.provision(FULL)
    before = card.tree()
    report = card.provision()

    assert report.changes == ()
    assert card.tree() == before


def test_a_boot_with_an_empty_etc_sets_everything_up_again(card: Card):
    """As on the image, whose root is read-only below a layer in RAM."""
    card.provision(FULL)
    before = card.tree()
    for path in ("hostname", "timezone", "localtime"):
        (card.root / "etc" / path).unlink()
    for path in (KEYFILE, "etc/issue.d/maitred.issue", "etc/ssh/authorized_keys.d/maitred-admin"):
        (card.root / path).unlink()
    card.provision()

    assert card.tree() == before


def test_a_new_secret_in_place_of_the_blank_replaces_the_old_one(card: Card):
    card.provision(FULL)
    once = card.file.read_text(encoding="utf-8")
    card.provision(once.replace('username = "door"\npassword = ""', 'username = "door"\npassword = "another"'))

    assert card.read("etc/maitred/mqtt.password") == "another\n"
    assert kept(card, "wifi.password") == 'pa"ss\\word #1'
    assert card.file.read_text(encoding="utf-8") == once


def test_an_address_can_be_edited_around_its_stored_secret(card: Card):
    card.provision(FULL)
    once = card.file.read_text(encoding="utf-8")
    for address, expected in (
        ("rtsp://eye:@10.0.0.10/main?", "rtsp://eye:camera-pass@10.0.0.10/main?key=camera-key&channel=1"),
        ("rtsp://eye:@10.0.0.10/main?channel=2", "rtsp://eye:camera-pass@10.0.0.10/main?channel=2"),
        ("rtsp://eye:new@10.0.0.10/main?", "rtsp://eye:new@10.0.0.10/main?channel=2"),
        ("rtsp://eye:@10.0.0.10/main", "rtsp://eye:new@10.0.0.10/main"),
        ("rtsp://eye:@10.0.0.10/main?", "rtsp://eye:new@10.0.0.10/main?"),  # forgotten with the line before
        ("rtsp://10.0.0.10/main", "rtsp://10.0.0.10/main"),
    ):
        report = card.provision(once.replace("rtsp://eye:@10.0.0.9/live?", address))
        assert (report.problems, report.failures) == ((), ())
        assert load_settings(card.root / CONFIG).camera.source == expected
        assert not [secret for secret in ("new@", "channel") if secret in card.file.read_text(encoding="utf-8")]
    assert not list((card.root / VAULT).glob("camera*"))


def test_settings_of_a_removed_section_are_undone(card: Card):
    card.provision(FULL)
    report = card.provision('[site]\nname = "x"\n')

    assert report.failures == ()
    gone = [
        KEYFILE, "etc/modprobe.d/maitred-wifi.conf", "etc/maitred/uplink.secret", "etc/maitred/mqtt.password",
        "etc/maitred/dashboard.password", "etc/ssh/authorized_keys.d/maitred-admin", "etc/sudoers.d/maitred-admin",
        "etc/ssh/sshd_config.d/10-maitred.conf",
    ]  # fmt: skip
    assert [path for path in gone if (card.root / path).exists()] == []
    assert list((card.root / VAULT).iterdir()) == []
    settings = load_settings(card.root / CONFIG)
    assert settings.dashboard.host == "127.0.0.1"
    assert not settings.sends
    assert card.read("etc/hostname") == "maitred\n"
    assert (card.root / "var/lib/maitred-device/ssh/ssh_host_ed25519_key").exists()


def test_without_a_file_the_template_is_written(card: Card):
    report = card.provision()

    assert card.file.read_text(encoding="utf-8") == template()
    assert (report.problems, report.failures) == ((), ())
    assert card.read("etc/hostname") == "maitred\n"
    assert load_settings(card.root / CONFIG).camera.source == "picamera2:"
    assert not card.problems


def test_a_file_that_was_lost_is_put_back(card: Card):
    card.provision(FULL)
    before = card.tree()
    card.file.unlink()
    card.provision()

    assert card.tree() == before


def test_what_was_set_up_by_hand_stays_until_the_file_is_filled_in(card: Card):
    mine = '# mine\n[site]\nname = "by-hand"\n'
    (card.root / "etc/maitred").mkdir()
    (card.root / CONFIG).write_text(mine)

    for text in (None, '[site]\nname = "a b"\n', template()):
        card.provision(text)
        assert card.read(CONFIG) == mine
    assert not (card.root / "etc/hostname").exists()

    card.provision('[site]\nname = "from-the-card"\n')
    assert load_settings(card.root / CONFIG).site.name == "from-the-card"
    assert card.read("etc/maitred/maitred.toml.by-hand") == mine


def test_a_mistake_is_reported_and_the_last_good_settings_stay(card: Card):
    card.provision(FULL)
    before = card.tree()
    broken = card.file.read_text(encoding="utf-8").replace('hostname = "Door-1"', 'hostname = "my door"')
    broken = broken.replace('username = "door"\npassword = ""', 'username = "door"\npassword = "another"')
    (card.root / "etc/hostname").unlink()
    report = card.provision(broken)

    assert [(problem.line, problem.key) for problem in report.problems] == [(3, "[device] hostname")]
    assert card.file.read_text(encoding="utf-8") == broken
    assert "maitred.toml has a mistake; nothing in it was used." in card.problems
    assert "line 3: [device] hostname: may have only letters" in card.problems
    assert "the last settings that were right" in card.problems
    assert "another" not in card.problems
    assert "line 3: [device] hostname: may have only letters" in card.read("etc/issue.d/maitred.issue")
    told = {str(card.file), str(card.boot / "maitred-problems.txt"), str(card.root / "etc/issue.d/maitred.issue")}
    rest = {path: content for path, content in card.tree().items() if path not in told}
    assert rest == {path: content for path, content in before.items() if path not in told}

    card.provision(broken.replace("my door", "door-2"))
    assert not card.problems
    assert card.read("etc/hostname") == "door-2\n"
    assert card.read("etc/maitred/mqtt.password") == "another\n"


def test_a_mistake_in_the_first_file_leaves_the_defaults(card: Card):
    report = card.provision("[wifi]\nssid = Chez\n")

    assert report.problems
    assert "uses its defaults" in card.problems
    assert card.read("etc/hostname") == "maitred\n"
    assert load_settings(card.root / CONFIG).camera.source == "picamera2:"


def test_a_dry_run_prints_the_steps_and_changes_nothing(card: Card):
    card.file.write_text(FULL, encoding="utf-8")
    before = card.tree()
    report = card.provision(dry_run=True)

    assert card.tree() == before
    assert {"keep wifi.password", f"write /{KEYFILE}", "write /etc/hostname"} <= set(report.changes)
    assert not any(secret in line for secret in PASSWORDS for line in report.changes)


def test_a_full_card_is_reported_and_no_secret_is_blanked(card: Card, monkeypatch: pytest.MonkeyPatch):
    card.file.write_text(FULL, encoding="utf-8")
    real = os.fsync

    def full(descriptor: int) -> None:
        if "maitred-device" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    report = card.provision()

    assert "No space left on device" in str(report.problems[0])
    assert card.file.read_text(encoding="utf-8") == FULL
    assert "No space left on device" in card.problems


def test_without_the_partition_for_secrets_none_is_moved_from_the_file(card: Card, monkeypatch: pytest.MonkeyPatch):
    """Its folder is then one in RAM: what was kept there would be gone with the next boot, and is in no file."""
    for text in (FULL, None):
        if text is None:
            card.file.unlink()
        report = card.provision(text, state_mount=True)

        assert [problem.of_device for problem in report.problems] == [True]
        assert report.taken_over == ()
        assert card.file.exists() == bool(text)  # the template in its place would take everything off the device
        assert not text or card.file.read_text(encoding="utf-8") == text
        assert "data partition" in card.problems
        assert "correct the file" not in card.problems
        assert "data partition" in card.read("etc/issue.d/maitred.issue")
        assert not (card.root / "var/lib/maitred-device").exists()

    monkeypatch.setattr("edge.provision.run.is_own_mount", lambda path: path == card.root / "var/lib/maitred-device")
    assert card.provision(FULL, state_mount=True).problems == ()
    assert kept(card, "mqtt.password") == "mqtt-pass"
    assert not card.problems


def test_a_file_is_on_the_disk_before_it_replaces_the_old_one(card: Card, monkeypatch: pytest.MonkeyPatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def recorded(first, *rest, name=name, real=real):
            done.append((name, Path(f"/proc/self/fd/{first}").readlink() if name == "fsync" else Path(first)))
            return real(first, *rest)

        monkeypatch.setattr(os, name, recorded)
    card.provision(FULL)

    renamed = [(number, path) for number, (name, path) in enumerate(done) if name == "replace"]
    assert len(renamed) > 10
    for number, path in renamed:
        if path.name == "localtime.new":  # a link has no content
            continue
        assert done[number - 1] == ("fsync", path)
        assert done[number + 1] == ("fsync", path.parent)
    order = [path.name for _, path in renamed]
    assert order.index("last-good.toml.new") > order.index("uplink.secret.new")
    assert order.index("maitred.toml.new") > order.index("last-good.toml.new")


@pytest.mark.slow
@pytest.mark.parametrize("then", ["first", "changed"])
def test_a_power_cut_at_any_write_loses_nothing(
    make_card: Callable[[str], Card], monkeypatch: pytest.MonkeyPatch, then: str
):
    changed = FULL.replace("door-1", "door-2").replace("mqtt-pass", "mqtt-two")
    changed = changed.partition("[ssh]")[0].replace("[uplink]", "[uplink]\nbatch = 7")
    text, before = (FULL, None) if then == "first" else (changed, FULL)
    # The order of things is what is tried here, hundreds of times: the hash may cost less.
    monkeypatch.setattr("edge.provision.secrets.METHOD", "scrypt:1024:8:1")
    start = make_card("start")
    if before:
        start.provision(before)
    start.file.write_text(text, encoding="utf-8")

    def prepared(name: str) -> Card:
        shutil.copytree(start.boot.parent, start.boot.parent.with_name(name), symlinks=True)
        return Card(*(start.boot.parent.with_name(name) / part for part in ("boot", "root")))

    whole = prepared("whole")
    whole.provision()
    expected = {path.replace("/whole/", "/"): content for path, content in whole.tree().items()}
    cuts = 0
    while True:
        card = prepared(f"cut{cuts}")
        with monkeypatch.context() as patched:
            cut_at(cuts, patched)
            try:
                card.provision()
                break
            except PowerCut:
                pass
        there = card.file.read_text(encoding="utf-8")
        for name, secret in (("uplink.secret", SECRET), ("wifi.password", 'pa"ss\\word #1')):
            assert secret in there or kept(card, name) == secret, (cuts, name)
        assert "a long password" in there or check_password_hash(kept(card, "dashboard.password"), "a long password")
        card.provision()
        found = {path.replace(f"/cut{cuts}/", "/"): content for path, content in card.tree().items()}
        assert found == expected, cuts
        cuts += 1
    assert cuts > 20


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_openssh_reads_the_keys_that_are_made(card: Card):
    card.provision(FULL)
    key = card.root / "var/lib/maitred-device/ssh/ssh_host_ed25519_key"
    done = subprocess.run(["ssh-keygen", "-y", "-f", key], capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == key.with_name(key.name + ".pub").read_text().split()[1]


def test_a_system_with_host_keys_keeps_them(card: Card):
    (card.root / "etc/ssh").mkdir()
    (card.root / "etc/ssh/ssh_host_rsa_key").write_text("theirs")
    card.provision(FULL)

    assert "HostKey" not in card.read("etc/ssh/sshd_config.d/10-maitred.conf")
    assert not (card.root / "var/lib/maitred-device/ssh").exists()
