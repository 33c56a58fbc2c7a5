"""Malformed files, the same ones for the same seed: configurations, bundles and images that were tampered with."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np

from edge.vision.bundle import shipped_models
from tests.bundles import file_content

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**31, 2**63, 10**400, -0.0, 1e308, float("nan"), float("inf"), "", "\x00",
    "../../etc/passwd", "x" * 100_000, "\ud800", [], {}, [[]], {"": {}}, [1] * 10_000,
)  # fmt: skip


def damaged(content: bytes, random: random.Random) -> bytes:
    """Cut, flipped, doubled, overwritten: what a bad card or a bad line makes of a file."""
    kind, data = random.randrange(6), bytearray(content)
    place = random.randrange(len(data))
    if kind == 0:
        return bytes(data[:place])
    if kind == 1:
        return bytes(data[place:])
    if kind == 2:
        return bytes(data[:place] + data[random.randrange(len(data)) :])
    for _ in range(random.choice((1, 3, 20, 200))):
        place = random.randrange(len(data))
        if kind == 3:
            data[place] ^= 1 << random.randrange(8)
        elif kind == 4:
            data[place : place + 4] = random.choice((b"\0" * 4, b"\xff" * 4, struct.pack("<i", random.getrandbits(31))))
        else:
            data[place] = random.randrange(256)
    return bytes(data)


def bundle(random: random.Random, names: tuple[str, ...] = ("face",)) -> bytes:
    """A bundle with damage: to the archive, to a value of its card, to the whole file, or to the model."""
    name = random.choice([name for name in names if name in shipped_models()])
    model, card = _taken_apart(name)
    (kind,) = random.choices(range(5), (6, 6, 1, 6, 6))
    if kind == 0:
        return model + damaged(archive({"card.json": card}, random.choice(PACKINGS)), random)
    if kind == 1:
        return model + archive({"card.json": _odd_card(card, random)})
    if kind == 2:
        return model + random.choice(BOMBS)(card)
    if kind == 3:
        return damaged(model + archive({"card.json": card}), random)
    return model + archive({"card.json": damaged(card, random)})


def bundle_with_a_damaged_model(random: random.Random, name: str = "face") -> bytes:
    """A bundle whose card is sound and whose flatbuffer isn't: it is for the runtime to survive.

    The card names the digest of what is there: whoever makes such a file on purpose sees to that.
    """
    model, card = _taken_apart(name)
    broken = bytearray(model)
    for _ in range(random.choice((1, 4, 32))):
        # Mostly at the end, where a TFLite file has its tables; its weights are numbers, and no number is wrong.
        place = (
            random.randrange(len(broken) * 3 // 4, len(broken)) if random.random() < 0.8 else random.randrange(8, 4096)
        )
        broken[place] = random.randrange(256)
    values = json.loads(card) | {"model_sha256": hashlib.sha256(broken).hexdigest()}
    return bytes(broken) + archive({"card.json": json.dumps(values).encode()})


PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def archive(files: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return out.getvalue()


@cache
def lying_bomb(card: bytes) -> bytes:
    """A card and 1.2 GB of blanks, packed into a megabyte, in an archive that says the card has 100 bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begun = packer.compress(card) + packer.flush(zlib.Z_FULL_FLUSH)
    blanks = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # the same bytes, however often
    packed = bytearray(archive({"card.json": begun + blanks * 1200 + packer.flush()}))
    directory = packed.rindex(b"PK\1\2")
    for method, size in ((8, 22), (directory + 10, directory + 24)):
        packed[method : method + 2] = struct.pack("<H", zipfile.ZIP_DEFLATED)
        packed[size : size + 4] = struct.pack("<I", 100)
    return bytes(packed)


@cache
def other_packing(card: bytes) -> bytes:
    """A packing whose reader does not stop where it is told to."""
    return archive({"card.json": card + b" " * (60 << 20)}, zipfile.ZIP_BZIP2)


@cache
def many_files(card: bytes) -> bytes:
    """A list of a hundred thousand files, in a directory that was doubled over and over."""
    packed = archive({"card.json": card})
    start = packed.rindex(b"PK\1\2")
    entry, end = packed[start : packed.rindex(b"PK\5\6")], bytearray(packed[packed.rindex(b"PK\5\6") :])
    end[8:16] = struct.pack("<HHI", 0xFFFF, 0xFFFF, len(entry) * 100_000)
    return packed[:start] + entry * 100_000 + bytes(end)


BOMBS: tuple[Callable[[bytes], bytes], ...] = (
    lying_bomb, other_packing, many_files,
    lambda _: archive({"card.json": b"[" * 2_000_000}),
    lambda _: archive({"card.json": b'{"a":' * 500_000}),
    lambda card: archive({"card.json": card[:-1] + b',"metrics":' + b"[" * 900 + b"]" * 900 + b"}"}),
    lambda card: archive({"card.json": b" " * (5 << 20) + card}),
)  # fmt: skip


def image(random: random.Random) -> bytes:
    """An image with damage, or one that claims a size."""
    if random.random() < 0.1:
        return random.choice(CLAIMS)(random)
    return damaged(random.choice(_images()), random)


def claiming_png(width: int, height: int, *, filled: bool = False) -> bytes:
    """A PNG of that size: with hardly any data, or with all of it, in few bytes since it is black."""
    row = b"\0" * (1 + width * 3)
    packer = zlib.compressobj()
    body = b"".join(packer.compress(row) for _ in range(height if filled else 1)) + packer.flush()
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", body), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _claiming_bmp(random: random.Random) -> bytes:
    width, height = (random.choice((0, 1, -1, 2**31 - 1, -(2**31), 30_000, 65_535)) for _ in range(2))
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 70, 0, 0, 54, 40, width, height, 1, random.choice((1, 4, 8, 24, 32)),
                               random.choice((0, 1, 2, 3)), 0, 0, 0, 0, 0) + b"\0" * 16  # fmt: skip


CLAIMS: tuple[Callable[[random.Random], bytes], ...] = (
    _claiming_bmp,
    lambda r: claiming_png(r.choice((1, 15, 30_000, 65_535)), r.choice((1, 15, 30_000, 65_535))),
    lambda r: (
        b"P6\n%d %d\n%d\n" % (r.choice((1, 10**5, 10**9)), r.choice((1, 10**5)), r.choice((0, 255, 10**6))) + b"\0" * 99
    ),
)


def configuration(random: random.Random, example: dict[str, Any]) -> str:
    """TOML with damage: odd values, odd keys, odd structure, or flipped characters."""
    kind = random.randrange(5)
    if kind == 0:
        return damaged(_toml(example).encode(), random).decode("utf-8", "surrogateescape")
    if kind == 1:
        depth = random.choice((10, 500, 60_000))
        return random.choice(("a=" + "[" * depth, "a=" + "{b=" * depth, ".".join("a" * depth) + "=1",
                              "a=" + "9" * depth,
                              "[" + ".".join("a" * depth) + "]", "\n".join(f"k{i}=1" for i in range(depth)),
                              'a="' + "\\u0000" * depth + '"', "[[site]]\n" * depth, "a=0x" + "f" * depth))  # fmt: skip
    values = copy.deepcopy(example)
    section = random.choice([*values, random.choice(("sites", "", "site\n", "é"))])
    if kind == 2:
        values[section] = random.choice(ODD)
    else:
        table = values.setdefault(section, {})
        table[random.choice([*table, "nme", "x" * 500])] = random.choice(ODD)
    return _toml(values)


def _toml(values: dict[str, Any]) -> str:
    lines = []
    for section, table in values.items():
        if isinstance(table, dict):
            lines += [f"[{json.dumps(section)}]", *(f"{json.dumps(key)} = {_value(v)}" for key, v in table.items())]
        else:
            lines.insert(0, f"{json.dumps(section)} = {_value(table)}")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    return '"none"' if value is None else json.dumps(value)


def _odd_card(card: bytes, random: random.Random) -> bytes:
    values = json.loads(card)
    places: list[tuple[Any, Any]] = []

    def visit(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)) and len(places) < 400:
                visit(node[key])

    visit(values)
    for _ in range(random.choice((1, 1, 3))):
        node, key = random.choice(places)
        node[key] = random.choice(ODD)
    return json.dumps(values).encode("utf-8", "surrogatepass")


_TAKEN: dict[str, tuple[bytes, bytes]] = {}


def _taken_apart(name: str) -> tuple[bytes, bytes]:
    """Model and card of a shipped bundle."""
    if name not in _TAKEN:
        content = file_content(name)
        with zipfile.ZipFile(io.BytesIO(content)) as files:
            _TAKEN[name] = content[: files.infolist()[0].header_offset], files.read("card.json")
    return _TAKEN[name]


_IMAGES: list[bytes] = []


def _images() -> list[bytes]:
    if not _IMAGES:
        rng = np.random.default_rng(3)
        smooth = cv2.GaussianBlur(rng.integers(0, 255, (90, 120, 3), np.uint8), (9, 9), 3)
        for suffix in (".jpg", ".png", ".webp", ".bmp", ".tiff", ".ppm"):
            _IMAGES.append(cv2.imencode(suffix, smooth)[1].tobytes())
    return _IMAGES
