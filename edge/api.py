"""Functions of the public API that need several packages. Its classes lie in the packages that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike

from edge.cameras.camera import Camera
from edge.cameras.frame import Frame
from edge.config.settings import Settings
from edge.counting.recording import count_recording, open_recording
from edge.counting.visit import Visit
from edge.errors import BadInput


def count(
    source: str | PathLike[str] | Iterable[Frame],
    model: str | PathLike[str] | None = None,
    *,
    settings: Settings | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> list[Visit]:
    """Count the visits of a recording, as fast as the machine allows; what ``maitred count`` does.

    Args:
        source: path of a video file, an animated GIF or a folder of images, in the order of their names; or frames in
            the order of their times, such as a :class:`Camera` of your own. Frames that are given are not closed.
        model: name of a shipped age and gender model or the path of a bundle; by default the one of the settings.
        settings: defaults if None; see :class:`edge.Pipeline` for the sections that are used.
        progress: called after each frame with the number of frames so far and the frame's time in seconds.

    Returns:
        The visits in the order of their end. ``started_at`` and ``ended_at`` are seconds from the recording's start.
        Visits within the staff zone, if one is drawn, are left out.

    Raises:
        BadInput: the source or the model cannot be used, or the source is a live camera, which never ends.
        CameraError: the recording cannot be read to its end.
        InterpreterError: no TFLite runtime is installed, or it refuses a model.
    """
    settings = settings or Settings()
    if model is not None:
        settings = settings.with_model(model)
    report = progress or (lambda *_: None)
    if isinstance(source, (str, PathLike)):
        with open_recording(source) as camera:
            return list(count_recording(camera, settings, progress=report).visits)
    if isinstance(source, Camera) and source.live:
        raise BadInput(f"{source.name}: a live camera never ends; pass its frames to a Pipeline, one by one")
    if not isinstance(source, Iterable):
        raise BadInput(f"count takes the path of a recording, or frames, not something of type {type(source).__name__}")
    return list(count_recording(source, settings, progress=report).visits)
