"""Counting a recording: every frame, as fast as the machine allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.cameras import Camera
from edge.config.settings import Settings
from edge.counting.pipeline import Pipeline
from edge.counting.visit import Visit
from edge.vision.models import Models


@dataclass(frozen=True)
class Recount:
    """What a recording held; visits in the order of their end, times in seconds from its start.

    ``excluded`` is the number of visits that the staff zone excludes; staff hours have no meaning in a recording.
    """

    frames: int
    seconds: float
    visits: tuple[Visit, ...]
    excluded: int = 0


def count_recording(
    camera: Camera, settings: Settings, models: Models, progress: Callable[[int, float], None] = lambda *_: None
) -> Recount:
    """Run all frames of ``camera`` through the pipeline; ``progress`` is told frames and seconds after each.

    Raises:
        CameraError: the recording cannot be read to its end.
    """
    pipeline = Pipeline.open(settings, models)
    visits: list[Visit] = []
    frames, seconds = 0, 0.0
    for frame in camera:
        visits += pipeline.process(frame)
        frames, seconds = frames + 1, frame.time_s
        progress(frames, seconds)
    visits += pipeline.finish()
    counted = tuple(visit for visit in visits if not visit.excluded)
    return Recount(frames, seconds, counted, len(visits) - len(counted))
