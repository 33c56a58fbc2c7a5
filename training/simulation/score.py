"""How well an observation agrees with the truth of its scene."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

import motmetrics
import numpy as np
from numpy.typing import NDArray

from edge.vision.detection import intersection_over_union
from training.simulation.observe import Corners, CountedVisit, Observation

MIN_OVERLAP = 0.3
"""Boxes that overlap by this much (intersection over union) show the same face. The detector's box is a square and the
truth's is as narrow as the face; still they overlap by 0.55 or more in 95 % of the cases."""
NO_GENDER_BELOW = 13
"""Below this age the agent gives no gender, so none is scored."""
LIMITS = {
    "calm": {"count_error": 0.01, "idf1": 0.97, "direction_right": 0.99, "dwell_error_s": 0.3},
    "busy": {"count_error": 0.04, "idf1": 0.90, "direction_right": 0.97, "dwell_error_s": 0.5},
    "rough": {"count_error": 0.08, "idf1": 0.80, "direction_right": 0.94, "dwell_error_s": 1.0},
}
"""What must hold: the largest allowed errors, the smallest allowed shares."""

Patron = dict[str, Any]


@dataclass(frozen=True)
class _FrameMatch:
    """Patrons and tracks of one frame and their distances, without those that count neither as found nor as missed."""

    patrons: list[int]
    tracks: list[int]
    distances: NDArray[np.float64]


def score(observation: Observation, truth: dict[str, Any]) -> dict[str, Any]:
    """The measures of one scene: shares (0..1), times (s), ages (years); NaN where there is nothing to measure."""
    counted = {one.track for one in observation.visits}
    frames, together = match_frames(observation, truth, counted)
    result = _tracking(frames)
    people = {patron["id"]: patron for patron in truth["patrons"]}
    expected = [patron for patron in truth["patrons"] if patron["counts"]]
    pairs, unmatched = match_visits(observation.visits, people, together)
    wrong = abs(len(pairs) + len(unmatched) - len(expected))
    middle = truth["size"][0] / 2
    return {
        "patrons": len(expected),
        "visits": len(pairs) + len(unmatched),
        "count_error": wrong / len(expected) if expected else float("nan"),
        "missed": len(expected) - len(pairs),
        "twice_or_nobody": len(unmatched),
        **result,
        "direction_right": _mean([one.visit.direction == patron["direction"] for one, patron in pairs]),
        "direction_right_in_sight": _mean(
            [one.visit.direction == patron["direction"] for one, patron in pairs if _direction_visible(patron, middle)]
        ),
        "dwell_error_s": median(
            [abs(one.visit.dwell_s - (patron["to_s"] - patron["from_s"])) for one, patron in pairs] or [float("nan")]
        ),
        **_demographics(pairs, observation),
    }


def match_frames(
    observation: Observation, truth: dict[str, Any], counted: set[int]
) -> tuple[list[_FrameMatch], dict[tuple[int, int], int]]:
    """Match boxes frame by frame.

    Returns the frames for the tracking measures of the ``counted`` tracks, and in how many frames each pair of patron
    and track was together.
    """
    faces_by_frame: list[list[tuple[int, Corners, bool]]] = [[] for _ in truth["times"]]
    for patron in truth["patrons"]:
        for index, x, y, width, height, clear in patron["path"]:
            faces_by_frame[index].append((patron["id"], (x, y, width, height), bool(clear) and patron["counts"]))
    if len(faces_by_frame) != len(observation.boxes):
        raise ValueError(f"{len(observation.boxes)} frames were observed, the truth has {len(faces_by_frame)}")
    frames: list[_FrameMatch] = []
    together: dict[tuple[int, int], int] = {}
    for patrons, boxes in zip(faces_by_frame, observation.boxes, strict=True):
        tracks = [track for track in boxes if track in counted]
        distances = _distances([box for _, box, _ in patrons], [boxes[track] for track in tracks])
        rows, columns = motmetrics.lap.linear_sum_assignment(distances) if distances.size else ([], [])
        pairs = [(r, c) for r, c in zip(rows, columns, strict=True) if np.isfinite(distances[r, c])]
        for row, column in pairs:
            key = patrons[row][0], tracks[column]
            together[key] = together.get(key, 0) + 1
        # As in the MOT challenges: somebody who is hardly visible may be tracked and may be missed.
        excused = {column for row, column in pairs if not patrons[row][2]}
        clear_rows = [row for row, (_, _, clear) in enumerate(patrons) if clear]
        tracked_columns = [column for column in range(len(tracks)) if column not in excused]
        frames.append(
            _FrameMatch(
                [patrons[row][0] for row in clear_rows],
                [tracks[column] for column in tracked_columns],
                distances[np.ix_(clear_rows, tracked_columns)],
            )
        )
    return frames, together


def _distances(first: list[Corners], second: list[Corners]) -> NDArray[np.float64]:
    """1 - intersection over union, float64 (n, m); NaN where the overlap is too small."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    shared = intersection_over_union(np.array(first, np.float32), np.array(second, np.float32)).astype(np.float64)
    return np.where(shared >= MIN_OVERLAP, 1 - shared, np.nan)


def _tracking(frames: list[_FrameMatch]) -> dict[str, float]:
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for frame in frames:
        accumulator.update(frame.patrons, frame.tracks, frame.distances)
    names = ["mota", "idf1", "num_switches", "num_fragmentations", "recall", "precision"]
    found = motmetrics.metrics.create().compute(accumulator, metrics=names).iloc[0]
    renamed = {"num_switches": "switches", "num_fragmentations": "fragmentations"}
    return {renamed.get(name, name): float(found[name]) for name in names}


def match_visits(
    visits: list[CountedVisit], people: dict[int, Patron], together: dict[tuple[int, int], int]
) -> tuple[list[tuple[CountedVisit, Patron]], list[CountedVisit]]:
    """Pairs of a visit and its patron, one visit each, and the visits left over: second ones, or of nobody."""
    by_track = {one.track: one for one in visits}
    pairs, unmatched_tracks = [], set(by_track)
    patrons: set[int] = set()
    for (patron, track), _ in sorted(together.items(), key=lambda item: -item[1]):
        if track in unmatched_tracks and patron not in patrons:
            patrons.add(patron)
            unmatched_tracks.discard(track)
            if people[patron]["counts"]:
                pairs.append((by_track[track], people[patron]))
    return pairs, [one for one in visits if one.track in unmatched_tracks]


def _direction_visible(patron: Patron, middle: float) -> bool:
    """Whether the positions at which the face was clear show the patron's direction."""
    clear = [x + width / 2 for _, x, _, width, _, is_plain in patron["path"] if is_plain]
    return bool(_crossing(clear[0], clear[-1], middle) == patron["direction"])


def _crossing(first: float, last: float, middle: float) -> str | None:
    if (first < middle) == (last < middle):
        return None
    return "in" if last > first else "out"


def _demographics(pairs: list[tuple[CountedVisit, Patron]], observation: Observation) -> dict[str, float]:
    """Ages and genders of whole visits, and of single frames of the same visits."""
    known = [(one, patron) for one, patron in pairs if one.visit.age is not None and one.visit.age_interval]
    grown = [(one, patron) for one, patron in known if patron["age"] >= NO_GENDER_BELOW]
    single_age = [
        _mean([abs(estimate.age - patron["age"]) for estimate in observation.single_estimates[one.track]])
        for one, patron in known
    ]
    single_gender = [
        _mean(
            [
                (estimate.female_probability >= 0.5) != (patron["gender"] == "female")
                for estimate in observation.single_estimates[one.track]
            ]
        )
        for one, patron in grown
    ]
    # The visit's own gender; where the agent gives none (children), what its shots say.
    genders = [(np.mean([_logit(shot.female_probability) for shot in one.shots]) >= 0) == (patron["gender"] == "female")
               for one, patron in grown]  # fmt: skip
    if any(one.visit.female_probability is not None for one, _ in grown):
        genders = [
            right if one.visit.female_probability is None
            else (one.visit.female_probability >= 0.5) == (patron["gender"] == "female")
            for right, (one, patron) in zip(genders, grown, strict=True)
        ]  # fmt: skip
    intervals = [(one.visit.age_interval, patron["age"]) for one, patron in known]
    return {
        "age_mae_single": _mean(single_age),
        "age_mae_visit": _mean([abs((one.visit.age or 0) - patron["age"]) for one, patron in known]),
        "gender_error_single": _mean(single_gender),
        "gender_error_visit": 1 - _mean(genders),
        # If most frames say the other gender, that is due to the photograph, not to chance in one frame.
        "gender_error_in_most_frames": _mean([share > 0.5 for share in single_gender]),
        "interval_coverage": _mean([low <= age <= high for (low, high), age in intervals]),  # type: ignore[misc]
        "interval_width": _mean([high - low for (low, high), _ in intervals]),  # type: ignore[misc]
        "shots": _mean([len(one.shots) for one, _ in known]),
    }


def _logit(probability: float) -> float:
    return float(np.log(max(probability, 1e-9) / max(1 - probability, 1e-9)))


def _mean(values: list[Any]) -> float:
    return float(np.mean(values)) if values else float("nan")
