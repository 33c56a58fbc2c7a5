"""The script outside of every release: what it makes of each state that a device can be found in."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from update_device import SETTLE, Device

from edge.update.install import Candidate
from edge.update.releases import Releases

pytestmark = pytest.mark.slow

NEW = "2.0-new"


def test_shellcheck_finds_nothing():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    found = subprocess.run(["shellcheck", SETTLE], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def test_without_a_trial_a_boot_changes_nothing(device: Device, new: Candidate):
    Releases(device.root).use(NEW)
    assert device.settle("boot") == ""
    assert device.current == NEW
    assert (device.root / "factory").is_dir()


def test_starts_without_a_trial_are_not_counted(device: Device):
    for _ in range(9):
        device.settle("start")
    assert not (device.root / "trial.starts").exists()


def test_a_switch_that_was_cut_off_is_finished(device: Device):
    Releases(device.root).begin_trial("factory")
    device.settle("boot")
    assert device.current == "factory"
    assert (device.root / "factory" / "ready").exists()
    assert not (device.root / "trial").exists()


@pytest.mark.parametrize("note", ["", "../../etc", "gone", "/bin", ".lock"])
def test_a_note_without_a_release_leaves_the_one_in_use(device: Device, new: Candidate, note: str):
    Releases(device.root).use(NEW)
    Releases(device.root).begin_trial(note)
    assert "is not there" in device.settle("boot")
    assert device.works() == "2.0"
    assert not (device.root / "trial").exists()


@pytest.mark.parametrize("there", ["nothing", "dangling", "previous"])
def test_a_broken_link_is_repaired(device: Device, new: Candidate, there: str):
    (device.root / "current").unlink()
    if there == "dangling":
        (device.root / "current").symlink_to("gone")
    if there == "previous":
        Releases(device.root).remember(NEW)
    device.settle("boot")
    assert device.works() == ("2.0" if there == "previous" else "1.0")


def test_without_a_link_any_finished_release_is_used(device: Device, new: Candidate):
    shutil.rmtree(device.root / "factory")
    device.settle("boot")
    assert device.works() == "2.0"


def test_unfinished_releases_are_removed_and_named_ones_stay(device: Device, new: Candidate):
    for name in ("3.0-half", "4.0.part"):
        (device.root / name / "bin").mkdir(parents=True)
    for name in ("factory", NEW):  # as an earlier recipe left them
        (device.root / name / "ready").unlink()
    Releases(device.root).remember("factory")
    Releases(device.root).use(NEW)
    device.settle("boot")
    assert {path.name for path in device.root.iterdir()} == {"factory", NEW, "current", "previous"}


def test_a_release_brings_its_units_and_takes_them_with_it(device: Device, new: Candidate):
    unit = device.folder / "units" / "maitred.service"
    shutil.rmtree(device.root / "factory" / "units")  # an image's own release has none: they are the system's
    device.settle("boot")
    assert not unit.exists()
    Releases(device.root).use(NEW)
    device.settle("units")
    assert unit.read_text() == "# the unit of 2.0\n"
    Releases(device.root).use("factory")
    device.settle("units")
    assert not unit.exists()


def test_on_another_machine_it_does_nothing(device: Device):
    shutil.rmtree(device.root)
    assert device.settle("boot") == ""
    device.root.mkdir()
