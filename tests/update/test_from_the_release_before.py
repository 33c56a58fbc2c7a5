"""A device of the release before this one is brought to this one and back, with real wheels and the agent at work.

The wheel of the release before is built from the history of the repository, this one's from the tree. Both share the
packages of the environment that the tests run in, so that nothing is fetched.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from update_device import MACHINE, PYTHON, Device, wheel

from edge.demo import CLIP
from edge.store.heartbeat import read_health
from edge.update.keys import sign
from edge.update.manifest import Manifest, ReleaseFile, UpdateTarget
from firmware_config.release import write_bundle

ROOT = Path(__file__).resolve().parents[2]
RELEASE_BEFORE = "cee0f34a08ee826189aecc5974ba3dc3164cb55e"
"""The last commit of version 0.1.0."""
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels of both releases, and one that lends them the packages of this environment."""
    folder = tmp_path_factory.mktemp("wheels")
    packed = subprocess.run(["git", "archive", RELEASE_BEFORE], cwd=ROOT, capture_output=True, check=False)
    if packed.returncode != 0:
        pytest.skip("needs the history of the repository, which is not here")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder / "before", filter="data")
    for name in ("setup.py", "pyproject.toml", "README.md", "NOTICE", "LICENSE"):
        if (ROOT / name).exists():
            (folder / "now").mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, folder / "now")
    shutil.copytree(ROOT / "edge", folder / "now" / "edge", ignore=shutil.ignore_patterns("__pycache__"))
    built = {name: build(folder / name, folder / f"{name}-wheel") for name in ("before", "now")}
    lent = {"lent_packages.pth": sysconfig.get_path("purelib") + "\n"}
    return built | {"lent": wheel(folder, "lent_packages", "1.0", lent)}


def build(source: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*command, str(out), str(source)], env=os.environ | {"MAITRED_FOR": "device"}, check=True)
    (path,) = out.glob("maitred-*.whl")
    return path


def version_of(path: Path) -> str:
    return path.name.split("-")[1]


def bundle(out: Path, key: SigningKey, own: Path, lent: Path) -> Path:
    files = {f"wheels/{path.name}": path for path in (own, lent)}
    manifest = Manifest(
        schema=1, name="maitred", version=version_of(own), made_at="2027-01-01T00:00:00+00:00",
        targets=[UpdateTarget(machine=MACHINE, python=PYTHON, wheels=list(files), installed=20_000_000)],
        files={
            name: ReleaseFile(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size)
            for name, path in files.items()
        },
    )  # fmt: skip
    content = manifest.encode()
    write_bundle(out, content, sign(key, content), files)
    return out


def install_factory_release(device: Device, own: Path, lent: Path) -> None:
    """The release before, as an image brings it."""
    shutil.rmtree(device.root / "factory", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(device.root / "factory")], check=True)
    pip = [
        str(device.root / "factory" / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
    ]
    subprocess.run([*pip, str(own), str(lent)], check=True)
    (device.root / "factory" / "ready").touch()


def update(device: Device, *arguments: str) -> str:
    """Run ``maitred update`` of the release in use, as an owner does."""
    program = device.root / "current" / "bin" / "maitred"
    places = ["--config", str(device.config), "--releases", str(device.root), "--keys", str(device.keys)]
    done = subprocess.run(
        [str(program), "update", *arguments, "--watch", "40", *places],
        capture_output=True, text=True, cwd="/", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for_frames(device: Device, release: str) -> None:
    """Until the agent of a release counts in the frames of the clip."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        health = read_health(device.database)
        if health is not None and health.release == release and health.frames > 30:
            return
        assert time.monotonic() < deadline, (device.folder / "journal").read_text()[-2000:]
        time.sleep(0.2)


def visits(database: Path) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return set(connection.execute("SELECT id, started_at, ended_at, age, direction FROM visits"))


@pytest.mark.slow
def test_an_update_from_the_release_before_works_and_so_does_the_way_back(
    device: Device, key: SigningKey, wheels: dict[str, Path]
):
    device.config.write_text(
        f'[camera]\nsource = "{CLIP}"\nloop = true\n[store]\npath = "{device.database}"\n', encoding="utf-8"
    )
    install_factory_release(device, wheels["before"], wheels["lent"])
    new = bundle(device.folder / "new.maitred", key, wheels["now"], wheels["lent"])
    device.start()
    wait_for_frames(device, "factory")

    printed = update(device, str(new))

    assert f"maitred {version_of(wheels['now'])} is in use, and well" in printed
    release = device.current
    assert release.startswith(version_of(wheels["now"]))
    assert device.works() == version_of(wheels["now"])
    wait_for_frames(device, release)
    counted = visits(device.database)
    assert counted

    printed = update(device, "--back")

    assert f"maitred {version_of(wheels['before'])} is in use, and well" in printed
    assert device.current == "factory"
    wait_for_frames(device, "factory")
    assert visits(device.database) >= counted
