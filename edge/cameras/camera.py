"""What every camera does, whatever it is made of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np

from edge.cameras.frame import Frame, Image, check_image
from edge.errors import BadInput, MaitredError
from edge.system.closing import Closing

MIN_STEP_S = 0.001


class CameraError(MaitredError):
    """A camera could not be opened, or stopped delivering frames. It may work when it is opened again later."""


class Camera(Closing):
    """A source of frames: a context manager and an iterator.

    A subclass opens its source in `__init__`, returns pictures from `_grab` and releases the source in `_release`.
    A camera belongs to one thread: `read` and `close` must not be called at the same time.

    Args:
        name: what to call it in messages; holds no password.
        live: True if frames come at the pace of the real world, on the clock of `time.monotonic`.
        fps: nominal frames per second, None if not known.
    """

    def __init__(self, name: str, *, live: bool, fps: float | None) -> None:
        # With two underscores, so that a subclass can have attributes of the same names.
        self.__name = name
        self.__live = live
        self.__fps = fps
        self.__closed = False
        self.__index = 0
        self.__last_s = -float("inf")

    @property
    def name(self) -> str:
        """What to call the camera in messages: its URI without credentials, or its path."""
        return self.__name

    @property
    def live(self) -> bool:
        """True if frames come at the pace of the real world; False for a recording, which can be read at any pace."""
        return self.__live

    @property
    def fps(self) -> float | None:
        """Nominal frames per second, None if not known."""
        return self.__fps

    def read(self) -> Frame | None:
        """Wait for the next frame.

        Returns:
            The frame (uint8 BGR, contiguous, later than the one before), or None once a recording is over. A live
            camera never returns None: when it ends, that is an error.

        Raises:
            CameraError: the camera is closed, stopped delivering frames, or delivered something that is not a picture.
        """
        if self.__closed:
            raise CameraError(f"{self.__name}: the camera is closed; open it again to read from it")
        grabbed = self._grab()
        if grabbed is None:
            return None
        image, time_s = grabbed
        try:
            check_image(image)
        except BadInput as error:
            raise CameraError(f"{self.__name}: {error}") from error
        self.__last_s = max(time_s, self.__last_s + MIN_STEP_S)
        frame = Frame(np.ascontiguousarray(image), self.__last_s, self.__index)
        self.__index += 1
        return frame

    def close(self) -> None:
        """Release the source. Closing twice is fine."""
        if not self.__closed:
            self.__closed = True
            self._release()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__name!r})"

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame

    @abstractmethod
    def _grab(self) -> tuple[Image, float] | None:
        """Get the next picture (uint8 BGR (h, w, 3)) and its time in seconds; None at the end of a recording."""

    @abstractmethod
    def _release(self) -> None:
        """Release the source; called once."""
