"""The pipeline: frames go in, finished visits come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from edge.cameras.frame import Frame
from edge.config.counting import Counting
from edge.config.settings import Settings
from edge.counting.best_shots import BestShots, age_interval
from edge.counting.frame_analyzer import FrameAnalyzer, ModelFrameAnalyzer
from edge.counting.heatmap import Heatmap
from edge.counting.line_crossing import CrossingDetector, with_passage
from edge.counting.staff import exclude
from edge.counting.visit import Visit
from edge.errors import BadInput
from edge.tracking.track import Track
from edge.tracking.tracker import Tracker
from edge.vision.demographics import Estimate, pool
from edge.vision.models import Models


class Pipeline:
    """Finds and follows faces, keeps their best shots, and makes visits of them. It lives as long as its camera.

    It belongs to one thread. Of the frames it keeps the few best crops of each face in view, in RAM, until the visit
    ends.

    Args:
        settings: ``[detection]``, ``[counting]``, ``[entrance]``, ``[demographics]`` and ``[census] no_gender_below``
            are used; defaults if None.
        analyzer: what finds faces and classifies them; None loads the models that the settings name.
        on_visit: called with each counted visit, its track and the estimates that were pooled: for measurements.

    Raises:
        BadInput: a model is missing or not valid.
        InterpreterError: no TFLite runtime is installed, or it refuses a model.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        analyzer: FrameAnalyzer | None = None,
        on_visit: Callable[[Track, Visit, list[Estimate]], None] = lambda *_: None,
    ) -> None:
        settings = settings or Settings()
        if analyzer is None:
            models = Models.open(settings.detection, settings.demographics)
            analyzer = ModelFrameAnalyzer(models, settings.detection)
        self._on_visit = on_visit
        self._seen: tuple[Track, ...] = ()
        self._now_s = -inf
        self._settings = settings
        self._analyzer = analyzer
        self._tracker = Tracker(settings.counting, settings.detection.min_score)
        self._entrance = CrossingDetector(settings.entrance)
        self._shots: dict[int, BestShots] = {}
        self.heatmap = Heatmap()

    @property
    def in_view(self) -> int:
        """Number of confirmed tracks at this moment, without people who have been hidden for some time."""
        counting = self._settings.counting
        return sum(
            track.hits >= counting.confirm_hits and self._now_s - track.seen_s <= counting.lost_s
            for track in self._tracker.tracks
        )

    @property
    def seen(self) -> tuple[Track, ...]:
        """Tracks with a detection in the last frame."""
        return self._seen

    def process(self, frame: Frame) -> list[Visit]:
        """Take the next frame. Returns the visits that ended with it.

        A visit ends some seconds after its face was last seen (``[counting]``). Its times are on the frames' time line.

        Raises:
            BadInput: this is no frame, or it is not later than the one before.
        """
        if not isinstance(frame, Frame):
            kind = type(frame).__name__
            raise BadInput(
                f"the pipeline takes frames, not something of type {kind}; make a Frame(image, time_s) of it"
            )
        if frame.time_s <= self._now_s:
            raise BadInput(
                f"frame {frame.index}: its time, {frame.time_s:.3f} s, is not later than that of the frame before,"
                f" {self._now_s:.3f} s; give each frame its own time, and each recording a pipeline of its own"
            )
        known = [track.expected(frame.time_s) for track in self._tracker.tracks]
        faces = self._analyzer.detect(frame, known)
        clothing = self._analyzer.clothing(frame, faces)
        step = self._tracker.step(
            faces, frame.time_s, clothing, frame.size, lambda face: self._analyzer.is_verified_face(frame, face)
        )
        self._join()
        self._seen, self._now_s = step.seen, frame.time_s
        self.heatmap.width, self.heatmap.height = frame.size
        for track in step.seen:
            self._entrance.observe(track.id, track.detection, frame.time_s, frame.size)
            self._keep_best(track, frame)
        return self._visits(step.ended)

    def finish(self) -> list[Visit]:
        """End all tracks, at the end of a recording or when the camera stops. Returns their visits."""
        ended = self._tracker.finish()
        self._join()
        return self._visits(ended)

    @property
    def stitched(self) -> tuple[tuple[int, int], ...]:
        """Identifiers of the tracks that the last frame stitched: the earlier one, which goes on, and the later, which
        is gone.
        """
        return self._tracker.stitched

    def _join(self) -> None:
        for earlier, later in self._tracker.stitched:
            self._entrance.join(earlier, later)
            self._shots[earlier].join(self._shots.pop(later))

    def _keep_best(self, track: Track, frame: Frame) -> None:
        shots = self._shots.setdefault(track.id, BestShots(self._settings.demographics.shots))
        quality = self._analyzer.quality(frame, track.detection)
        if shots.would_keep(quality, frame.time_s):
            shots.add(self._analyzer.shot(frame, track.detection, quality))

    def _visits(self, ended: tuple[Track, ...]) -> list[Visit]:
        visits = []
        for track in ended:
            shots, passage = self._shots.pop(track.id, None), self._entrance.end(track.id)
            if shots is None or not is_long_enough(track, self._settings.counting, self._settings.detection.min_score):
                continue
            if not self._analyzer.are_verified_shots(shots.shots):
                continue
            if passage.staff:
                visits.append(exclude(visit_of(track, [])))
                continue
            estimates = [self._analyzer.estimate(shot) for shot in shots.shots]
            qualities = [shot.quality for shot in shots.shots]
            visit = visit_of(track, estimates, qualities, self._settings.census.no_gender_below)
            visits.append(with_passage(visit, passage))
            self._on_visit(track, visits[-1], estimates)
            self.heatmap.add(passage.began, passage.ended)
        return visits


def is_long_enough(track: Track, counting: Counting, min_score: float) -> bool:
    """Whether a track was seen often enough, for long enough and clearly enough to be a visit. ``min_score`` (0..1) is
    the detector's.
    """
    confirmed = track.hits >= counting.confirm_hits and track.score >= min_score
    return confirmed and track.seen_s - track.started_s >= counting.min_visit_s


def visit_of(
    track: Track, estimates: list[Estimate], weights: Sequence[float] | None = None, no_gender_below: float = 0
) -> Visit:
    """Make the visit of an ended track. ``weights`` say how much each estimate counts.

    No gender is given below the apparent age ``no_gender_below``, in years, where it is guesswork.
    """
    if not estimates:
        return Visit(track.started_s, track.seen_s, track.hits)
    pooled = pool(estimates, weights)
    child = pooled.age < no_gender_below
    return Visit(
        track.started_s, track.seen_s, track.hits, pooled.age, age_interval(pooled, weights),
        None if child else pooled.female_probability, own_interval=pooled.age_interval,
    )  # fmt: skip
