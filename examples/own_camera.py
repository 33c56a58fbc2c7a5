"""A kind of camera of one's own: recordings that are numpy arrays, uint8 BGR (frames, height, width, 3).

    python examples/own_camera.py npy:frames.npy

A package with these lines in its pyproject.toml makes it a plug-in; then `maitred count npy:frames.npy` works, too.

    [project.entry-points."maitred.cameras"]
    npy = "own_camera:KIND"
"""

import sys

import numpy as np

from edge import Camera, count
from edge.cameras import CameraKind
from edge.errors import BadInput


class NumpyRecording(Camera):
    def __init__(self, source: str, *, size: tuple[int, int] = (0, 0), fps: float = 15) -> None:
        super().__init__(source, live=False, fps=fps)
        try:
            pictures = np.load(source.removeprefix("npy:"), mmap_mode="r")
        except (OSError, ValueError) as error:
            raise BadInput(f"{source}: not an array that numpy can read ({error})") from error
        self.frames = ((picture, number / fps) for number, picture in enumerate(pictures))

    def _grab(self) -> tuple[np.ndarray, float] | None:
        return next(self.frames, None)

    def _release(self) -> None:
        self.frames.close()


KIND = CameraKind(r"npy:.+", NumpyRecording, example="npy:frames.npy", help="a recording as a numpy array", live=False)
if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: own_camera.py npy:FRAMES.npy")
    print(*count(NumpyRecording(sys.argv[1])), sep="\n")
