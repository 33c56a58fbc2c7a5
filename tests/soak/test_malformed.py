"""Malformed configurations, bundles and images: refused as bad input, or used; never a crash, a hang or another error.

In the normal run 150 of each; ``MAITRED_MALFORMED=10000 pytest tests/soak/test_malformed.py`` has more.
What hangs is ended by a limit of 2 s of processor time for each file, which no load of the machine can bring about.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cameras.still import read_image
from edge.config import Settings, load_settings
from edge.errors import BadInput
from edge.vision.bundle import load_bundle
from edge.vision.model_sandbox import check_in_sandbox
from tests.bundles import file_content

from . import mutations

pytestmark = pytest.mark.slow

COUNT = int(os.environ.get("MAITRED_MALFORMED", "150"))
LIMIT_S = 2.0
MEMORY_MB = 900
"""How much the process may grow beyond what it has; the largest image that is read takes 400."""
EXAMPLE = tomllib.loads((Path(__file__).resolve().parents[2] / "firmware_config" / "maitred.toml").read_text()) | {
    "uplink": {"url": "https://census.example.com", "secret_file": "/etc/maitred/uplink.secret"},
    "mqtt": {"host": "broker", "port": 8883, "topic": "a/b"}, "dashboard": {"names": ["door.lan"], "port": 80},
    "detection": {"min_score": 0.5}, "store": {"path": "/tmp/x.db", "keep_visits_days": 9},
}  # fmt: skip


class Hang(BaseException):
    """More than LIMIT_S of processor time for one file."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No more address space than MEMORY_MB beyond that of now."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    mutations.bundle(random.Random(0))  # what the mutations need themselves
    for bomb in mutations.BOMBS:
        bomb(b"{}")
    used = int(statm.read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (MEMORY_MB << 20), hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_malformed_configurations(tmp_path: Path):
    path, refused, chance = tmp_path / "maitred.toml", 0, random.Random(11)
    for number in range(COUNT):
        path.write_bytes(mutations.configuration(chance, EXAMPLE).encode("utf-8", "surrogateescape"))
        with limited():
            try:
                load_settings(path)
            except BadInput as error:
                refused += 1
                told = str(error)
                assert told.startswith(str(path)), number
                assert len(told) < 20_000, number
                assert all(line.isprintable() for line in told.split("\n")), number
    assert refused > COUNT / 2


def test_malformed_bundles(tmp_path: Path):
    path, refused, chance = tmp_path / "model.tflite", 0, random.Random(12)
    for number in range(COUNT):
        path.write_bytes(mutations.bundle(chance))
        with limited():
            try:
                bundle = load_bundle(str(path))
            except BadInput as error:
                refused += 1
                assert "model.tflite" in str(error), number
                continue
        assert bundle.card.name
    assert refused > COUNT / 2


def test_damaged_models_never_crash_the_process(tmp_path: Path):
    path, chance = tmp_path / "model.tflite", random.Random(13)
    endings = {"used": 0, "crashed elsewhere": 0}
    for _ in range(max(3, COUNT // 100)):
        path.write_bytes(mutations.bundle_with_a_damaged_model(chance))
        try:
            bundle = check_in_sandbox(load_bundle(str(path)))
        except BadInput as error:
            assert "crashes the runtime" in str(error) or "does not finish" in str(error)
            endings["crashed elsewhere"] += 1
            continue
        endings["used"] += 1
        assert bundle.card.name == "face"
    sys.stdout.write(f"{endings}\n")
    assert sum(endings.values()) == max(3, COUNT // 100)


def test_malformed_images(tmp_path: Path):
    path, refused, chance = tmp_path / "photo.jpg", 0, random.Random(14)
    for number in range(COUNT):
        path.write_bytes(mutations.image(chance))
        with limited():
            try:
                image = read_image(path)
            except BadInput as error:
                refused += 1
                assert "photo.jpg" in str(error), number
                continue
        assert image.ndim == 3
    assert refused > COUNT / 5


@pytest.mark.parametrize("bomb", mutations.BOMBS[:4], ids=["lying", "other-packing", "many-files", "deep"])
def test_a_zip_bomb_in_a_bundle_is_refused(tmp_path: Path, bomb):
    path = tmp_path / "bomb.tflite"
    path.write_bytes(file_content("table1") + bomb(b"{}"))

    with limited(), pytest.raises(BadInput, match=r"bomb\.tflite"):
        load_bundle(str(path))


def test_a_decompression_bomb_as_an_image_is_refused(tmp_path: Path):
    path = tmp_path / "bomb.png"
    path.write_bytes(mutations.claiming_png(12_000, 12_000, filled=True))
    assert path.stat().st_size < 4 << 20

    with limited(), pytest.raises(BadInput, match=r"bomb\.png"):
        read_image(path)


@pytest.mark.parametrize("read", [load_settings, lambda path: load_bundle(str(path)), read_image])
@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_an_endless_file_is_not_read(tmp_path: Path, read, kind: str):
    path = {"device": Path("/dev/zero"), "pipe": tmp_path / "pipe", "folder": tmp_path}[kind]
    if kind == "pipe":
        os.mkfifo(path)

    with limited(), pytest.raises(BadInput):
        read(path)


def test_a_sound_model_from_elsewhere_passes_the_sandbox(tmp_path: Path):
    path = tmp_path / "mine.tflite"
    path.write_bytes(file_content("face"))
    bundle = load_bundle(str(path))

    assert not bundle.shipped
    assert check_in_sandbox(bundle) is bundle
    assert load_bundle("face").shipped


def test_a_model_that_crashes_the_runtime_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "mine.tflite"
    path.write_bytes(file_content("face"))
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -SEGV $$\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))

    with pytest.raises(BadInput, match="face: the model crashes the runtime"):
        check_in_sandbox(load_bundle(str(path)))


def test_the_defaults_are_a_valid_configuration(tmp_path: Path):
    path = tmp_path / "maitred.toml"
    path.write_text("")
    assert load_settings(path) == Settings()
