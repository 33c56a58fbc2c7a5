"""Files that are replaced whole: after errors and power cuts, and who may read them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.system.atomic_files import (
    remove_file,
    replace_file,
    replace_file_and_wipe_old,
    replace_link,
    replacement_of,
)
from tests.power_cuts import PowerCut, cut_at


def written_by_a_library(path: Path, content: bytes) -> None:
    with replacement_of(path) as new:
        new.write_bytes(content)


WAYS = [replace_file, replace_file_and_wipe_old, written_by_a_library]


@pytest.mark.parametrize("replace", WAYS)
def test_a_power_cut_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: Callable[[Path, bytes], None]
):
    path = tmp_path / "settings"
    found = []
    while True:
        path.write_bytes(b"old")
        with monkeypatch.context() as patched:
            cut_at(len(found), patched)
            try:
                replace(path, b"new content")
                break
            except PowerCut:
                pass
        found.append(path.read_bytes())

    assert path.read_bytes() == b"new content"
    assert found[0] == b"old"
    assert found[-1] == b"new content"
    assert found == sorted(found, reverse=True)  # at some moment it is the new one, and stays it
    assert set(found) == {b"old", b"new content"}


@pytest.mark.parametrize("replace", WAYS)
def test_a_file_left_over_from_a_power_cut_is_not_in_the_way(tmp_path: Path, replace: Callable[[Path, bytes], None]):
    path = tmp_path / "settings"
    path.write_bytes(b"old")
    (tmp_path / "settings.new").write_bytes(b"half of something longer than the new one")

    replace(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_file_has_the_mode_that_is_asked_for(tmp_path: Path, mode: int):
    replace_file(tmp_path / "file", b"content", mode=mode)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_without_a_mode_a_file_has_that_of_any_new_file(tmp_path: Path, umask: int, mode: int):
    before = os.umask(umask)
    try:
        replace_file(tmp_path / "file", b"content")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_content_that_cannot_be_made_leaves_the_old_file_alone(tmp_path: Path):
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def make() -> None:
        with replacement_of(path) as new:
            new.write_bytes(b"half")
            raise ValueError("no such layer")

    with pytest.raises(ValueError, match="no such layer"):
        make()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError), replacement_of(tmp_path / "model"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "none" / "file", b"content")


def test_the_old_content_is_overwritten_with_zeros(tmp_path: Path):
    path = tmp_path / "settings"
    path.write_bytes(b"a password")
    (tmp_path / "other name").hardlink_to(path)  # so that the old content can still be read

    replace_file_and_wipe_old(path, b"blank")

    assert path.read_bytes() == b"blank"
    assert (tmp_path / "other name").read_bytes() == b"\0" * len(b"a password")


def test_a_link_is_replaced_in_one_step(tmp_path: Path):
    link = tmp_path / "current"
    replace_link(link, "first")
    (tmp_path / "current.new").symlink_to("left over")

    replace_link(link, "second")

    assert str(link.readlink()) == "second"
    assert list(tmp_path.iterdir()) == [link]


def test_removing_says_whether_there_was_a_file(tmp_path: Path):
    (tmp_path / "file").touch()

    assert remove_file(tmp_path / "file")
    assert not remove_file(tmp_path / "file")
