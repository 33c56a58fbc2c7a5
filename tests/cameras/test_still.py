from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.still import read_image
from edge.errors import BadInput


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Insert an EXIF block that says how the camera was held."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\x00\x2a" + struct.pack(">IH", 8, 1) + entry + b"\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def quadrants() -> np.ndarray:
    """Four flat quarters of different colours, higher than wide: no turn or mirror image looks like another."""
    image = np.zeros((64, 32, 3), np.uint8)
    image[:32, :16], image[:32, 16:], image[32:, :16], image[32:, 16:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 255
    return image


STORED_FROM_UPRIGHT = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: np.swapaxes(upright, 0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.swapaxes(np.rot90(upright, 2), 0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED_FROM_UPRIGHT, ids=lambda value: f"orientation {value}")
def test_a_photo_is_turned_upright_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    stored = np.ascontiguousarray(STORED_FROM_UPRIGHT[orientation](quadrants()))
    jpeg = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_orientation(jpeg, orientation))
    image = read_image(path)
    assert image.shape == (64, 32, 3)
    for row, column in ((8, 4), (8, 28), (56, 4), (56, 28)):
        assert np.abs(image[row, column].astype(int) - quadrants()[row, column]).max() < 40


DEEP = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
PLAIN = np.full((20, 30), 77, np.uint8)
CLEAR = np.dstack([np.full((20, 30, 3), (10, 20, 30), np.uint8), np.full((20, 30), 128, np.uint8)])

FORMATS = {
    "16-bit grey PNG": (".png", DEEP, (DEEP >> 8)[..., None].repeat(3, 2)),
    "16-bit colour TIFF": (".tiff", DEEP[..., None].repeat(3, 2), (DEEP >> 8)[..., None].repeat(3, 2)),
    "8-bit grey PNG": (".png", PLAIN, PLAIN[..., None].repeat(3, 2)),
    "transparent PNG": (".png", CLEAR, CLEAR[..., :3]),
    "WebP": (".webp", CLEAR[..., :3], CLEAR[..., :3]),
    "BMP": (".bmp", CLEAR[..., :3], CLEAR[..., :3]),
}


@pytest.mark.parametrize(("suffix", "stored", "expected"), FORMATS.values(), ids=FORMATS)
def test_every_format_becomes_contiguous_8_bit_bgr(
    tmp_path: Path, suffix: str, stored: np.ndarray, expected: np.ndarray
) -> None:
    path = tmp_path / f"photo{suffix}"
    cv2.imwrite(str(path), stored)
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.shape == expected.shape
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - expected).max() <= 2  # WebP is lossy


def huge_png() -> bytes:
    """A few bytes that claim 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def encoded(height: int, width: int) -> bytes:
    return cv2.imencode(".png", np.zeros((height, width, 3), np.uint8))[1].tobytes()


UNUSABLE = {
    "missing": (None, "no such file"),
    "empty": (b"", "is empty"),
    "text named .jpg": (b"not a picture at all\n" * 20, "is not an image"),
    "cut off in the header": (encoded(50, 50)[:20], "is not an image"),
    "claims billions of pixels": (huge_png(), "cannot be decoded"),
    "one pixel": (encoded(1, 1), "too small to hold a face: 1x1"),
    "a strip": (encoded(15, 200), "too small to hold a face: 200x15"),
}


@pytest.mark.parametrize(("content", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_reason(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "photo.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as caught:
        read_image(path)
    assert str(path) in str(caught.value)


def test_a_folder_is_refused_as_a_photo(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        read_image(tmp_path)


def test_the_smallest_picture_allowed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(16, 16))
    assert read_image(path).shape == (16, 16, 3)
