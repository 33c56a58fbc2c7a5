"""Writing frames as a video whose time stamps leave gaps where frames are missing."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from edge.errors import MaitredError
from training.rendering.canvas import Image
from training.requirements import require_installed

BITS_PER_PIXEL = 0.35
"""Average bit rate: high enough that compression does not make the scene harder."""
GROUP = 15
"""Frames from one key frame to the next."""


def write_frames(path: Path, frames: Iterable[tuple[int, Image]], size: tuple[int, int], fps: int) -> None:
    """Write pairs of number and uint8 RGB picture as MPEG-4.

    A frame is shown at number / fps seconds; numbers may be missing.

    Raises:
        MaitredError: PyAV is not installed, or such a file can't be written there.
    """
    require_installed("training", "av")
    import av

    try:
        # Bit-exact and single-threaded, so that the same frames give the same file.
        with av.open(str(path), "w", format="mp4", container_options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("mpeg4", rate=fps)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, fps)
            stream.bit_rate = round(BITS_PER_PIXEL * size[0] * size[1] * fps)
            stream.gop_size = GROUP
            stream.thread_count = 1
            stream.options = {"flags": "+bitexact"}
            for number, image in frames:
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (OSError, ValueError) as error:
        raise MaitredError(f"{path}: can't write an MPEG-4 file ({error}); is the folder writable?") from error
