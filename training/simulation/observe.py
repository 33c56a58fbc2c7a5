"""Running the agent's own pipeline over a simulated clip, and recording all that it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from edge.cameras.frame import Frame
from edge.config.settings import Settings
from edge.counting.frame_analyzer import FrameAnalyzer
from edge.counting.pipeline import Pipeline
from edge.counting.visit import Visit
from edge.tracking.track import Track
from edge.vision.demographics import Estimate

ESTIMATE_EVERY_S = 0.3
"""Seconds between the single frames of a track on which age and gender are estimated."""
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class CountedVisit:
    """A visit and the number of its track."""

    track: int
    visit: Visit
    shots: list[Estimate]


@dataclass
class Observation:
    """What the agent did with a clip.

    Attributes:
        times: seconds of each frame.
        boxes: for each frame, the followed faces' boxes (left, top, width, height) by track.
        visits: in the order of their end.
        single_estimates: for each track, estimates from single frames, as an agent that looks once would get them.
    """

    times: list[float] = field(default_factory=list)
    boxes: list[dict[int, Corners]] = field(default_factory=list)
    visits: list[CountedVisit] = field(default_factory=list)
    single_estimates: dict[int, list[Estimate]] = field(default_factory=lambda: defaultdict(list))


def observe(
    frames: Iterable[Frame],
    settings: Settings,
    analyzer: FrameAnalyzer,
    progress: Callable[[int, float], None] = lambda *_: None,
) -> Observation:
    """Count a recording as ``maitred count`` does, and estimate each face in single frames as well."""
    observation = Observation()
    last_estimate_s: dict[int, float] = {}

    def note(track: Track, visit: Visit, shots: list[Estimate]) -> None:
        observation.visits.append(CountedVisit(track.id, visit, shots))

    pipeline = Pipeline(settings, analyzer, note)
    for frame in frames:
        pipeline.process(frame)
        observation.times.append(frame.time_s)
        _rename(observation, pipeline.stitched)
        observation.boxes.append({track.id: track.detection.box for track in pipeline.seen})
        for track in pipeline.seen:
            if frame.time_s - last_estimate_s.get(track.id, -ESTIMATE_EVERY_S) >= ESTIMATE_EVERY_S:
                last_estimate_s[track.id] = frame.time_s
                observation.single_estimates[track.id].append(
                    analyzer.estimate(analyzer.shot(frame, track.detection, 0.0))
                )
        progress(frame.index + 1, frame.time_s)
    pipeline.finish()
    _rename(observation, pipeline.stitched)
    return observation


def _rename(observation: Observation, stitched: tuple[tuple[int, int], ...]) -> None:
    """Move what was recorded of a later track to the earlier track that it was stitched to."""
    for earlier, later in stitched:
        for boxes in observation.boxes:
            if later in boxes:
                boxes[earlier] = boxes.pop(later)
        observation.single_estimates[earlier] += observation.single_estimates.pop(later, [])
