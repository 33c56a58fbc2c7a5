"""Switching, watching, and going back; and whatever ends it in between, the device runs one release or the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from update_device import Device, make_bundle

from edge.cli import main
from edge.errors import MaitredError
from edge.store.heartbeat import read_health
from edge.update import health
from edge.update.archive import UpdateArchive
from edge.update.health import WatchLimits
from edge.update.install import Candidate, ReportStep, install
from edge.update.keys import read_trusted
from edge.update.releases import Releases
from edge.update.services import Services
from edge.update.switch import switch
from tests.waiting import until

pytestmark = pytest.mark.slow

PATIENCE_S = 120.0
QUICK = WatchLimits(limit=PATIENCE_S, hold=0.5, pause=0.05)
SHORT = WatchLimits(limit=4.0, hold=0.5, pause=0.05)
"""For what never gets well."""
NEW = "2.0-new"
SWITCH_STEPS = ("note", "switch", "restart", "watch", "confirm", "tidy")
INSTALL_STEPS = ("unpack", "install", "test", "finish")


def go(device: Device, new: Candidate, patience: WatchLimits, report_step: ReportStep) -> object:
    return switch(Releases(device.root), Services(settle=Path("/none")), new, patience, report_step)


def runs(device: Device, release: str, since: float = 0.0) -> None:
    """Wait until the agent of a release beats, after ``since``. While it starts, there may be nothing to read."""
    until(
        lambda: (health := read_health(device.database)) is not None and health.at > since and health.release == release
    )


def killed(work: Callable[[ReportStep], object], step: str) -> bool:
    """Do the work in a process that is gone, without a word, when the step begins; returns whether it came so far."""

    def report_step(name: str) -> None:
        if name == step:
            os._exit(99)

    child = os.fork()
    if child == 0:
        try:
            work(report_step)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 99


def test_a_good_release_stays_and_the_one_before_is_kept(device: Device, new: Candidate, report_step: ReportStep):
    device.start()
    runs(device, "factory")
    (device.root / "0.9-older").mkdir()

    done = go(device, new, QUICK, report_step)

    assert done.watched
    assert done.fps == 9.5
    assert device.current == NEW
    assert Releases(device.root).previous == "factory"
    assert {path.name for path in device.root.iterdir()} == {"current", "previous", "factory", NEW}
    runs(device, NEW)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("crash", "ended again and again"), ("blind", "camera, which ran before, is failed"), ("mute", "no sign of life")],
)
def test_a_bad_release_is_replaced_by_the_one_before(
    device: Device, new: Candidate, report_step: ReportStep, kind: str, words: str
):
    device.start()
    runs(device, "factory")
    device.turns(NEW, kind)

    with pytest.raises(MaitredError, match=words) as caught:
        go(device, new, QUICK if kind == "crash" else SHORT, report_step)

    assert caught.value.exit_code == 1
    if kind == "crash":
        assert "The end of the agent's log:" in str(caught.value)
        assert "the agent fell over" in str(caught.value)
    assert device.current == "factory"
    assert {path.name for path in device.root.iterdir()} <= {"current", "factory", "taken-back"}
    beaten = time.time()
    runs(device, "factory", since=beaten)


def test_a_fault_from_before_is_no_reason_to_go_back(device: Device, new: Candidate, report_step: ReportStep):
    device.turns("factory", "blind")
    device.start()
    runs(device, "factory")
    device.turns(NEW, "blind")

    assert go(device, new, QUICK, report_step).watched
    assert device.current == NEW


def test_a_stopped_agent_is_not_started(device: Device, new: Candidate, report_step: ReportStep):
    assert not go(device, new, QUICK, report_step).watched
    assert device.current == NEW
    assert not (device.root / "trial").exists()
    assert read_health(device.database) is None


def test_an_interrupted_update_leaves_the_release_before(device: Device, new: Candidate):
    device.start()
    runs(device, "factory")

    def interrupt(step: str) -> None:
        if step == "watch":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(device, new, QUICK, interrupt)
    assert device.current == "factory"
    assert not (device.root / "trial").exists()


@pytest.mark.parametrize("step", SWITCH_STEPS)
def test_a_power_cut_while_switching(device: Device, new: Candidate, step: str):
    device.start()
    runs(device, "factory")

    assert killed(lambda report_step: go(device, new, QUICK, report_step), step)
    device.stop()  # as the power does
    device.settle("boot")

    assert device.current == (NEW if step == "tidy" else "factory")
    assert device.works() == ("2.0" if step == "tidy" else "1.0")
    assert not (device.root / "trial").exists()
    device.start()
    runs(device, device.current)


def test_a_power_cut_at_any_change_of_a_file(device: Device, new: Candidate, monkeypatch: pytest.MonkeyPatch):
    """Before each rename, link, removal and fsync in turn."""
    outcomes: list[str] = []
    while True:
        left = len(outcomes)

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                nonlocal left
                if left == 0:
                    os._exit(99)
                left -= 1
                return real(*arguments, **options)

            return call

        def work(_: ReportStep) -> None:
            for place, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "symlink_to")):
                monkeypatch.setattr(place, name, counted(getattr(place, name)))
            go(device, new, QUICK, lambda _: None)

        cut = killed(work, "none")
        device.settle("boot")
        outcomes.append(device.works())
        assert not (device.root / "trial").exists()
        assert not list(device.root.glob("*.new"))
        if not cut:
            break
        device.reset()
        device.bring(NEW)
    assert outcomes[0] == "1.0"
    assert outcomes[-1] == "2.0"
    assert outcomes == sorted(outcomes)  # at some moment it is the new one, and stays it
    assert len(outcomes) > 8


@pytest.mark.parametrize("step", INSTALL_STEPS)
def test_a_power_cut_while_installing(device: Device, key: SigningKey, tmp_path: Path, step: str):
    bundle = UpdateArchive.open(make_bundle(tmp_path / "x.maitred", key, "2.0"), read_trusted(device.keys))
    target = bundle.manifest.targets[0]

    assert killed(lambda report_step: install(bundle, target, Releases(device.root), device.config, report_step), step)
    device.settle("boot")

    assert {path.name for path in device.root.iterdir()} == {"factory", "current"}
    assert device.works() == "1.0"


def test_an_agent_that_keeps_failing_goes_back_even_if_the_update_was_cut_off(device: Device, new: Candidate):
    device.start()
    runs(device, "factory")
    device.turns(NEW, "crash")

    assert killed(lambda report_step: go(device, new, QUICK, report_step), "watch")
    until(lambda: device.current == "factory")

    began = time.time()
    runs(device, "factory", since=began)
    assert not (device.root / "trial").exists()
    assert "again and again" in (device.folder / "journal").read_text()


def test_the_command_refuses_installs_and_goes_back(
    device: Device, key: SigningKey, tmp_path: Path, capsys, monkeypatch
):
    asked: list[WatchLimits] = []

    def quick(limit: float, hold: float) -> WatchLimits:
        asked.append(WatchLimits(limit, hold))
        return QUICK

    monkeypatch.setattr(health, "WatchLimits", quick)  # half a minute each time would be the same, and late
    device.start()
    runs(device, "factory")
    places = ["--releases", str(device.root), "--keys", str(device.keys), "--config", str(device.config)]

    assert main(["update", str(make_bundle(tmp_path / "b.maitred", key, "3.0", "broken")), *places]) == 1
    printed = capsys.readouterr().err
    assert "does not work on this device" in printed
    assert "gives other outputs here" in printed
    assert device.current == "factory"

    assert main(["update", str(make_bundle(tmp_path / "g.maitred", key, "3.0")), *places, "--watch", "60"]) == 0
    assert "maitred 3.0 is in use, and well: 9.5 frames a second, 9.5 before" in capsys.readouterr().out
    assert device.works() == "3.0"
    release = device.root / device.current
    assert (release / "units" / "maitred.service").read_text() == "# the unit of 3.0\n"
    assert not list(device.root.glob("*.part"))

    assert main(["update", "--back", *places, "--watch", "60"]) == 0
    assert "maitred 1.0 is in use" in capsys.readouterr().out
    assert device.works() == "1.0"
    assert Releases(device.root).previous == release.name
    assert {(limits.limit, limits.hold) for limits in asked} == {(60.0, 30.0)}


@pytest.mark.parametrize("name", ["trial.new", "current.new", "previous.new"])
def test_a_full_card_while_switching(device: Device, new: Candidate, report_step: ReportStep, monkeypatch, name: str):
    """Each file that is written on the way, as a card without room takes none."""
    device.start()
    runs(device, "factory")
    real, symlink, failed = os.open, Path.symlink_to, []

    def full(work: Callable[..., object]) -> Callable[..., object]:
        def call(path: Path, *arguments: object, **options: object) -> object:
            if Path(path).name == name and not failed:
                failed.append(path)
                raise OSError(28, "No space left on device")
            return work(path, *arguments, **options)

        return call

    monkeypatch.setattr(os, "open", full(real))
    monkeypatch.setattr(Path, "symlink_to", full(symlink))
    with pytest.raises(MaitredError, match=r"No space left on device.*; the release before is in use"):
        go(device, new, QUICK, report_step)

    assert failed
    assert {path.name for path in device.root.iterdir()} == {"current", "factory"}
    began = time.time()
    until(lambda: (health := read_health(device.database)).at > began and health.release == "factory")


def test_an_unfinished_release_is_removed(device: Device, new: Candidate, key: SigningKey, tmp_path: Path, capsys):
    device.bring(NEW)
    assert (device.root / NEW / "ready").exists()
    device.settle("boot")
    assert (device.root / NEW).exists()  # the script cannot tell it from one that is kept
    places = ["--releases", str(device.root), "--keys", str(device.keys), "--config", str(device.config)]

    assert main(["update", str(make_bundle(tmp_path / "old.maitred", key, "0.5")), *places]) == 2
    assert "older than what is installed" in capsys.readouterr().err
    assert {path.name for path in device.root.iterdir()} == {"factory", "current", ".lock"}
