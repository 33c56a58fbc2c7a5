"""The list of what was wrong with which visit, by which the tracker is improved."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from training.simulation.observe import Observation
from training.simulation.score import match_frames, match_visits

Patron = dict[str, Any]


def list_errors(observation: Observation, truth: dict[str, Any]) -> list[str]:
    """A line for each missed patron, each visit too many and each wrong direction, in the order of time.

    A line ends with the patron's tracks, each as ``track: from-to s, frames together with the patron``. A ``-`` before
    a track means that it did not become a visit.
    """
    everything = {track for boxes in observation.boxes for track in boxes}
    counted = {one.track for one in observation.visits}
    people = {patron["id"]: patron for patron in truth["patrons"]}
    _, together = match_frames(observation, truth, counted)
    _, of_all = match_frames(observation, truth, everything)
    pairs, unmatched = match_visits(observation.visits, people, together)
    spans = _spans(observation)
    by_track: dict[int, dict[int, int]] = defaultdict(dict)
    by_patron: dict[int, dict[int, int]] = defaultdict(dict)
    for (patron_id, track), frames in of_all.items():
        by_track[track][patron_id] = frames
        by_patron[patron_id][track] = frames

    def tracks_of(patron: int) -> str:
        tracks = sorted(by_patron[patron].items(), key=lambda item: spans[item[0]])
        parts = [
            f"{'' if track in counted else '-'}{track}: {spans[track][0]:.1f}-{spans[track][1]:.1f} s, {n}"
            + ("" if len(by_track[track]) == 1 else f" (also {_others(by_track[track], patron)})")
            for track, n in tracks
        ]
        return "; ".join(parts) or "never tracked"

    lines: list[tuple[float, str]] = []
    found = {patron["id"] for _, patron in pairs}
    for patron in truth["patrons"]:
        if patron["counts"] and patron["id"] not in found:
            at = patron["from_s"]
            lines.append((at, f"missed patron {patron['id']} ({at}-{patron['to_s']} s) | {tracks_of(patron['id'])}"))
    for one in unmatched:
        at, of = one.visit.started_at, by_track[one.track]
        if not of:
            lines.append((at, f"no patron for track {one.track} ({at:.1f}-{one.visit.ended_at:.1f} s)"))
            continue
        patron_id = max(of, key=lambda number: of[number])
        owner = people[patron_id]
        kind = "second visit:" if owner["counts"] else "extra visit (need not count):"
        lines.append((at, f"{kind} track {one.track} of patron {patron_id} | {tracks_of(patron_id)}"))
    for one, patron in pairs:
        if one.visit.direction != patron["direction"]:
            at, wrong = one.visit.started_at, f"{one.visit.direction} instead of {patron['direction']}"
            lines.append(
                (at, f"direction {wrong}: track {one.track} of patron {patron['id']} | {tracks_of(patron['id'])}")
            )
    return [f"{at:7.1f} s  {text}" for at, text in sorted(lines)]


def _spans(observation: Observation) -> dict[int, tuple[float, float]]:
    spans: dict[int, tuple[float, float]] = {}
    for time_s, boxes in zip(observation.times, observation.boxes, strict=True):
        for track in boxes:
            spans[track] = (spans.get(track, (time_s, 0))[0], time_s)
    return spans


def _others(patrons: dict[int, int], excluded: int) -> str:
    return ", ".join(f"{frames} of {patron}" for patron, frames in patrons.items() if patron != excluded)
