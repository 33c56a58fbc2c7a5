"""What a camera delivers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from os import PathLike
from typing import cast

import numpy as np
import numpy.typing as npt

from edge.errors import BadInput

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture, in RAM only.

    Attributes:
        image: uint8 BGR (height, width, 3), as OpenCV has pictures.
        time_s: seconds on a monotonic clock. A recording's frames carry the recording's own time line, from 0.
        index: number of the frame since the camera was opened, from 0.

    Raises:
        BadInput: the image is not such an array (the message says what it is, and how to convert it), or the time is
            not a finite number.
    """

    image: Image
    time_s: float
    index: int = 0

    def __post_init__(self) -> None:
        check_image(self.image)
        if not math.isfinite(self.time_s):
            raise BadInput(f"frame {self.index}: its time is {self.time_s}; give seconds, such as time.monotonic()")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]

    def __repr__(self) -> str:
        width, height = self.size
        return f"Frame({width}x{height}, time_s={self.time_s:.3f}, index={self.index})"


def check_image(picture: object) -> Image:
    """``picture`` itself, if it is an array of uint8 BGR (height, width, 3) with at least one pixel.

    Raises:
        BadInput: it is something else; the message says what, and how to convert it.
    """
    if isinstance(picture, np.ndarray):
        fine = picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3 and picture.size > 0
        if fine:
            return cast(Image, picture)
        found, way_out = f"an array of {picture.dtype} {picture.shape}", _array_way_out(picture)
    else:
        found, way_out = _other_way_out(picture)
    raise BadInput(f"expected an 8-bit BGR picture, an array of uint8 (height, width, 3), got {found}; {way_out}")


def _array_way_out(array: npt.NDArray[np.generic]) -> str:
    if not array.size:
        return "it has no pixels"
    steps = []
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 1):
        steps.append("for grey pictures: cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)")
    elif array.ndim == 3 and array.shape[2] == 4:
        steps.append("for pictures with transparency: cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)")
    elif array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] != 3:
        steps.append("where colours come first: picture.transpose(1, 2, 0)")
    elif array.ndim == 4:
        steps.append("pass one picture at a time")
    elif array.ndim != 3 or array.shape[2] != 3:
        steps.append("bring it into that shape")
    if array.dtype.kind == "f":
        steps.append("for values 0..1: (picture * 255).round().astype('uint8'); for 0..255 without the factor")
    elif array.dtype == np.uint16:
        steps.append("for 16 bits: (picture // 256).astype('uint8')")
    elif array.dtype != np.uint8:
        steps.append("for values 0..255: picture.astype('uint8')")
    return "; ".join(steps)


def _other_way_out(thing: object) -> tuple[str, str]:
    if thing is None:
        return "None", "cv2.imread returns None for a file that it cannot read: check the path"
    if isinstance(thing, (str, bytes, PathLike)):
        return f"{thing!r}", "read the file first: edge.cameras.still.read_image(path)"
    kind = f"{type(thing).__module__}.{type(thing).__qualname__}".removeprefix("builtins.")
    if kind.startswith("PIL."):
        return kind, "numpy.asarray(picture.convert('RGB'))[:, :, ::-1] converts it"
    if isinstance(thing, (list, tuple)):
        return f"a {kind}", "pass one picture at a time"
    return f"something of type {kind}", "numpy.asarray converts what is an array by another name"
