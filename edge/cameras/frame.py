"""What a camera delivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture, in RAM only.

    Attributes:
        image: uint8 BGR (height, width, 3).
        time_s: seconds on a monotonic clock. A recording's frames carry the recording's own time line, from 0.
        index: number of the frame since the camera was opened, from 0.
    """

    image: Image
    time_s: float
    index: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]
