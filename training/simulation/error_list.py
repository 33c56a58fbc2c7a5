"""What went wrong with which visit: the list that a tracker is improved by."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from training.simulation.observe import Observation
from training.simulation.score import match_frames, match_visits

Patron = dict[str, Any]


def list_errors(observation: Observation, truth: dict[str, Any]) -> list[str]:
    """A line for each patron missed, each visit too many and each wrong direction, in the order of time.

    A line ends with the tracks of the patron, as ``track: from-to s, frames together with the patron``; ``-`` before a
    track says that it became no visit.
    """
    everything = {track for boxes in observation.boxes for track in boxes}
    counted = {one.track for one in observation.visits}
    people = {patron["id"]: patron for patron in truth["patrons"]}
    _, together = match_frames(observation, truth, counted)
    _, of_all = match_frames(observation, truth, everything)
    pairs, spare = match_visits(observation.visits, people, together)
    spans = _spans(observation)
    by_track: dict[int, dict[int, int]] = defaultdict(dict)
    by_patron: dict[int, dict[int, int]] = defaultdict(dict)
    for (patron, track), frames in of_all.items():
        by_track[track][patron] = frames
        by_patron[patron][track] = frames

    def tracks_of(patron: int) -> str:
        parts = sorted(by_patron[patron].items(), key=lambda item: spans[item[0]])
        told = [
            f"{'' if track in counted else '-'}{track}: {spans[track][0]:.1f}-{spans[track][1]:.1f} s, {n}"
            + ("" if len(by_track[track]) == 1 else f" (also {_others(by_track[track], patron)})")
            for track, n in parts
        ]
        return "; ".join(told) or "never followed"

    lines: list[tuple[float, str]] = []
    found = {patron["id"] for _, patron in pairs}
    for who in truth["patrons"]:
        if who["counts"] and who["id"] not in found:
            at = who["from_s"]
            lines.append((at, f"missed patron {who['id']} ({at}-{who['to_s']} s) | {tracks_of(who['id'])}"))
    for one in spare:
        at, of = one.visit.started_at, by_track[one.track]
        if not of:
            lines.append((at, f"nobody track {one.track} ({at:.1f}-{one.visit.ended_at:.1f} s)"))
            continue
        patron_id = max(of, key=lambda number: of[number])
        owner = people[patron_id]
        kind = "second" if owner["counts"] else "extra (need not count)"
        lines.append((at, f"{kind} track {one.track} of patron {patron_id} | {tracks_of(patron_id)}"))
    for one, who in pairs:
        if one.visit.direction != who["direction"]:
            at, said = one.visit.started_at, f"{one.visit.direction} for {who['direction']}"
            lines.append((at, f"way {said} track {one.track} of patron {who['id']} | {tracks_of(who['id'])}"))
    return [f"{at:7.1f} s  {text}" for at, text in sorted(lines)]


def _spans(observation: Observation) -> dict[int, tuple[float, float]]:
    spans: dict[int, tuple[float, float]] = {}
    for time_s, boxes in zip(observation.times, observation.boxes, strict=True):
        for track in boxes:
            spans[track] = (spans.get(track, (time_s, 0))[0], time_s)
    return spans


def _others(patrons: dict[int, int], but: int) -> str:
    return ", ".join(f"{frames} of {patron}" for patron, frames in patrons.items() if patron != but)
