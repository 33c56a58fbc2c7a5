"""A folder of images as a recording."""

from __future__ import annotations

import logging
from pathlib import Path

from edge.cameras.camera import Camera
from edge.cameras.frame import Image
from edge.cameras.still import images_in, read_image
from edge.errors import BadInput

log = logging.getLogger(__name__)


class ImageFolder(Camera):
    """The images of one folder in the order of their names, `fps` of them per second. Subfolders are not read.

    An image that cannot be read is reported in the log and skipped; it takes no time in the recording.

    Raises:
        BadInput: the folder contains no image that can be read.
    """

    def __init__(self, path: Path, *, fps: float) -> None:
        super().__init__(str(path), live=False, fps=fps)
        self._files = iter(images_in(path))
        self._interval_s = 1.0 / fps
        self._count = 0
        # The first image is read here, so that a folder without any fails when it is opened, not later.
        self._next = self._read_next()
        if self._next is None:
            raise BadInput(f"{path}: no image in this folder can be read")

    def _read_next(self) -> Image | None:
        for file in self._files:
            try:
                return read_image(file)
            except BadInput as error:
                log.warning("skipped: %s", error)
        return None

    def _grab(self) -> tuple[Image, float] | None:
        image = self._next if self._count == 0 else self._read_next()
        if image is None:
            return None
        self._next = None
        self._count += 1
        return image, (self._count - 1) * self._interval_s

    def _release(self) -> None:
        self._next = None
        self._files = iter(())
