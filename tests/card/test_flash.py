"""The image written to a card that was used before, by its block map: what the map leaves out may be anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.card

MIB = 1 << 20
FIRST = 4
"""MiB before the first partition."""
TOOLS = ("bmaptool", "sfdisk", "fsck.vfat", "e2fsck")


def partitions(card: Path) -> list[tuple[int, int]]:
    """Start and size of each, in sectors."""
    told = subprocess.run(["sfdisk", "--dump", card], capture_output=True, text=True, check=True).stdout
    fields = [line.partition(":")[2].split(",") for line in told.splitlines() if "start=" in line]
    return [(int(start.split("=")[1]), int(size.split("=")[1])) for start, size, *_ in fields]


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}")
def test_every_file_system_is_intact_on_a_used_card(image: Path, tmp_path: Path):
    bmap, card = tmp_path / "map", tmp_path / "card.img"
    subprocess.run(["bmaptool", "--quiet", "create", "-o", bmap, image], check=True)
    noise = os.urandom(MIB)
    with card.open("wb") as file:
        for _ in range(image.stat().st_size // MIB):
            file.write(noise)
    tree = ElementTree.parse(bmap)
    block = int(tree.findtext("BlockSize", "").strip())
    ranges = [[int(word) for word in (found.text or "").split("-")] for found in tree.iter("Range")]
    with image.open("rb") as source, card.open("r+b") as sink:
        for ends in ranges:
            source.seek(ends[0] * block)
            sink.seek(ends[0] * block)
            sink.write(source.read((ends[-1] - ends[0] + 1) * block))

    boot, root, data = partitions(card)
    for number, (start, size) in enumerate((boot, root, data)):
        part = tmp_path / f"{number}"
        subprocess.run(
            ["dd", f"if={card}", f"of={part}", "bs=512", f"skip={start}", f"count={size}", "status=none"], check=True
        )
        words = ["fsck.vfat", "-n", str(part)] if number == 0 else ["e2fsck", "-fn", str(part)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    # Of the journal e2fsck sees only its beginning; a transaction that an earlier life left behind it may be taken for
    # one of this life. So all of that partition is written, and what is in front of the first.
    with image.open("rb") as source, card.open("rb") as written:
        for start, size in ((0, FIRST * 2048), data):
            source.seek(start * 512)
            written.seek(start * 512)
            assert written.read(size * 512) == source.read(size * 512)
