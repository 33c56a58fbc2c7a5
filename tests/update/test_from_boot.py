"""Updates on the boot partition: each is applied once, and its name says how it went."""

from __future__ import annotations

from pathlib import Path

import pytest
from nacl.signing import SigningKey
from update_device import Device, make_bundle

from edge.cli import main
from edge.update import install
from edge.update.releases import Releases

pytestmark = pytest.mark.slow


def from_boot(device: Device, folder: Path | None = None) -> int:
    command = ["update", "--from-boot", str(folder or device.boot), "--releases", str(device.root)]
    return main([*command, "--keys", str(device.keys), "--config", str(device.config)])


def names(device: Device) -> set[str]:
    return {path.name for path in device.boot.iterdir()}


def test_each_update_is_applied_once(device: Device, key: SigningKey, caplog: pytest.LogCaptureFixture):
    make_bundle(device.folder / "a.maitred", SigningKey.generate(), "2.0").rename(device.boot / "a.maitred")
    make_bundle(device.folder / "b.maitred", key, "2.0").rename(device.boot / "b.maitred")
    (device.boot / "c.maitred.trying").write_bytes(b"cut off")
    (device.boot / "._b.maitred").write_bytes(b"what a Mac leaves beside each file")

    assert from_boot(device) == 1

    assert names(device) == {
        "._b.maitred", "a.maitred.refused", "a.maitred.refused.txt", "b.maitred.done", "b.maitred.done.txt",
        "c.maitred.refused", "c.maitred.refused.txt",
    }  # fmt: skip
    reason = (device.boot / "a.maitred.refused.txt").read_text()
    assert "a.maitred: not signed by a key" in reason
    assert "trying" not in reason
    assert "a.maitred: refused: a.maitred: not signed" in caplog.text
    assert "lost power" in (device.boot / "c.maitred.refused.txt").read_text()
    assert "maitred 2.0 is in use" in (device.boot / "b.maitred.done.txt").read_text()
    assert device.works() == "2.0"
    assert from_boot(device) == 0


def test_a_second_attempt_removes_the_note_of_the_first(device: Device, key: SigningKey):
    other = SigningKey.generate()
    make_bundle(device.folder / "a.maitred", other, "2.0").rename(device.boot / "a.maitred")
    assert from_boot(device) == 1
    assert names(device) == {"a.maitred.refused", "a.maitred.refused.txt"}

    make_bundle(device.folder / "a.maitred", key, "2.0").rename(device.boot / "a.maitred")
    (device.boot / "a.maitred.refused").unlink()
    assert from_boot(device) == 0
    assert names(device) == {"a.maitred.done", "a.maitred.done.txt"}


def test_during_another_update_no_file_is_renamed(device: Device, key: SigningKey, capsys):
    make_bundle(device.folder / "a.maitred", key, "2.0").rename(device.boot / "a.maitred")
    (device.boot / "b.maitred.trying").write_bytes(b"at work")
    with Releases(device.root).locked():
        assert from_boot(device) == 2
    assert "an update is under way" in capsys.readouterr().err
    assert names(device) == {"a.maitred", "b.maitred.trying"}


def test_an_unexpected_fault_is_reported_and_not_repeated(
    device: Device, key: SigningKey, monkeypatch: pytest.MonkeyPatch
):
    make_bundle(device.folder / "a.maitred", key, "2.0").rename(device.boot / "a.maitred")

    def faulty(*_: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(install, "test", faulty)
    assert from_boot(device) == 1
    assert names(device) == {"a.maitred.refused", "a.maitred.refused.txt"}
    assert "RuntimeError: no such thing" in (device.boot / "a.maitred.refused.txt").read_text()
    assert device.works() == "1.0"


def test_a_folder_that_is_not_there_is_named(device: Device, tmp_path: Path, capsys):
    assert from_boot(device, tmp_path / "nowhere") == 2
    assert "nowhere: no such folder" in capsys.readouterr().err
