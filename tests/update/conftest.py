"""One device for all tests of updates, put back in order before each."""

from __future__ import annotations

import base64
import importlib.util
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from nacl.signing import SigningKey

NEW = "2.0-new"
ROOT = Path(__file__).resolve().parents[2]


def _load(name: str, path: Path) -> None:
    # Neither is in a package that is installed.
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


_load("firmware_config.release", ROOT / "firmware_config" / "release.py")
_load("update_device", Path(__file__).with_name("device.py"))

from update_device import Device, make_bundle  # noqa: E402

from edge.update.archive import UpdateArchive  # noqa: E402
from edge.update.install import Candidate, ReportStep, install  # noqa: E402
from edge.update.keys import read_trusted  # noqa: E402
from edge.update.releases import Releases  # noqa: E402


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, key: SigningKey) -> Device:
    """A device whose release ``factory`` was installed from a bundle like any other."""
    device = Device(tmp_path_factory.mktemp("device"))
    public = base64.b64encode(bytes(key.verify_key)).decode()
    device.keys.write_text(f"# whom this device trusts\nmaitred-ed25519 {public} test\n", encoding="utf-8")
    (device.root / "seed").mkdir()
    (device.root / "seed" / "pyvenv.cfg").write_text("include-system-site-packages = false\n", encoding="utf-8")
    Releases(device.root).use("seed")
    for name, version in (("factory", "1.0"), (NEW, "2.0")):
        path = make_bundle(device.folder / f"{name}.maitred", key, version)
        bundle = UpdateArchive.open(path, read_trusted(device.keys))
        install(bundle, bundle.manifest.targets[0], _Named(device.root, name), device.config, silent)
        for unneeded in (device.root / name).glob("lib/python3*/site-packages/pip*"):
            shutil.rmtree(unneeded)  # most of it, and copied for each test
        (device.root / name).rename(device.folder / name)
    return device


@dataclass(frozen=True)
class _Named(Releases):
    """Environments name their own path, so the template of a release is made where its copies will be."""

    name: str = ""

    def free_name(self, version: str) -> str:
        return self.name


def silent(_: str) -> None:
    """Tells nobody."""


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_card():
    """No test can cut the power: what a whole machine's sync would save is in its memory all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sync", lambda: None)
        yield


@pytest.fixture
def device(made: Device, monkeypatch: pytest.MonkeyPatch):
    """The device with its first release in use, no other, and an agent that is stopped."""
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    made.reset()
    yield made
    for number, handler in handlers.items():
        signal.signal(number, handler)
    made.stop()


@pytest.fixture
def new(device: Device) -> Candidate:
    """Version 2.0, installed on the device and not yet in use."""
    device.bring(NEW)
    return Candidate(NEW, "2.0", 5, device.database)


@pytest.fixture
def report_step() -> ReportStep:
    return silent
