"""Counting a recording: every frame, as fast as the machine allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike

from edge.cameras import Camera, Frame, open_camera
from edge.config.settings import Settings
from edge.counting.frame_analyzer import FrameAnalyzer
from edge.counting.pipeline import Pipeline
from edge.counting.visit import Visit
from edge.errors import BadInput


@dataclass(frozen=True)
class RecordingCount:
    """The visits of a recording, in the order of their ends; their times are seconds from its start.

    ``excluded`` is the number of visits excluded by the staff zone; staff hours have no meaning in a recording.
    """

    frames: int
    seconds: float
    visits: tuple[Visit, ...]
    excluded: int = 0


def open_recording(uri: str | PathLike[str]) -> Camera:
    """Open a video file or a folder of images; close it, or use it in a ``with`` statement.

    Raises:
        BadInput: it cannot be used, or ``uri`` names a live camera, which never ends.
        CameraError: it cannot be opened.
    """
    camera = open_camera(uri)
    if camera.live:
        camera.close()
        raise BadInput(f"{camera.name}: a live camera never ends; count takes a recording, run counts at a camera")
    return camera


def count_recording(
    frames: Iterable[Frame],
    settings: Settings,
    analyzer: FrameAnalyzer | None = None,
    progress: Callable[[int, float], None] = lambda *_: None,
) -> RecordingCount:
    """Run all frames of a recording, a camera from :func:`open_recording` as a rule, through a pipeline.

    Args:
        frames: in the order of their times.
        settings: as for :class:`edge.counting.pipeline.Pipeline`, and so is ``analyzer``.
        progress: called after each frame with the number of frames so far and the frame's time in seconds.

    Raises:
        BadInput: a model cannot be used, or the frames' times do not rise.
        CameraError: the recording cannot be read to its end.
    """
    pipeline = Pipeline(settings, analyzer)
    visits: list[Visit] = []
    number, seconds = 0, 0.0
    for number, frame in enumerate(frames, start=1):
        visits += pipeline.process(frame)
        seconds = frame.time_s
        progress(number, seconds)
    visits += pipeline.finish()
    counted = tuple(visit for visit in visits if not visit.excluded)
    return RecordingCount(number, seconds, counted, len(visits) - len(counted))
