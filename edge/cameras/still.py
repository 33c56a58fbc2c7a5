"""Reading one photograph, in the same way for `maitred predict` and for a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np

from edge.cameras.frame import Image
from edge.errors import BadInput

MIN_SIDE_PX = 16
MAX_BYTES = 256 << 20
SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def images_in(folder: Path) -> list[Path]:
    """The images of one folder in the order of their names; subfolders are not read.

    Raises:
        BadInput: there is none.
    """
    # Files whose names begin with a dot (._photo.jpg) are left behind by other systems; they are not photographs.
    found = [entry for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES and entry.name[0] != "."]
    if not found:
        raise BadInput(f"{folder}: no image in this folder can be read ({', '.join(sorted(SUFFIXES))} are looked at)")
    return sorted(found, key=lambda file: file.name)


def read_image(path: Path | str) -> Image:
    """Read a photograph, upright and in the one format that the rest of the program uses.

    EXIF orientation is applied, 16 bits become 8, greyscale becomes BGR, transparency is dropped.

    Returns:
        uint8 BGR (height, width, 3), contiguous, both sides at least 16 pixels.

    Raises:
        BadInput: the file is missing, unreadable, empty, not an image, or too small to contain a face.
    """
    path = Path(path)
    data = _content(path)
    if not data:
        raise BadInput(f"{path} is empty (0 bytes): copy it again from where it came")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        # For example, a header with more pixels than OpenCV is willing to allocate.
        raise BadInput(f"{path} cannot be decoded: {error.err or 'damaged image'}") from error
    if image is None:
        raise BadInput(f"{path} is not an image, or is damaged: JPEG, PNG, WebP, BMP and TIFF are read")
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise BadInput(f"{path} is too small to hold a face: {width}x{height} pixels, at least {MIN_SIDE_PX} needed")
    return cast(Image, image)


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder: name the images in it")
        if path.exists() and not path.is_file():  # a device or a pipe might never end
            raise BadInput(f"{path} is not a regular file, so it cannot be a photo")
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is too large for a photo: more than {MAX_BYTES >> 20} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise BadInput(f"{str(path)!r} cannot be read: {error}") from error
