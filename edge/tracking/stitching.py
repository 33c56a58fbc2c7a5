"""Who was hidden or turned away for seconds is found again: a track that began in mid-view goes on an earlier one.

The tracker follows from frame to frame and leaves a gap where it would have to guess. Here the guess is made, a moment
later, when it has become clear how the new face moves, how large it is and what it wears: all tracks that may go on
earlier ones are matched to them at the least total cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import lap
import numpy as np
import numpy.typing as npt

from edge.tracking.clothing import difference

if TYPE_CHECKING:
    from edge.tracking.track import Track

RIPE_S = 0.4
"""A track is decided upon so long after its first sight."""
ACCEPTED = 5.5
"""Cost from which two tracks are two people. Costs are about twice a negative log-likelihood ratio."""
PLACE, PLACE_PER_S = 0.5, 0.4
"""Standard deviation of how far off the way somebody turns up again, in face sizes, at once and for each second."""
SIZE, SIZE_PER_S = 0.16, 0.05
"""The same for the logarithm of the face's size."""
LIKE, LIKE_COST, UNLIKE_COST, UNKNOWN_COST = 0.2, -2.0, 6.0, 1.5
"""Looks that differ by the first are as often one person's as two people's. What the same looks cost, what unlike ones
do at most, and what it costs not to know."""
EDGE_COST, LEAVES = 4.0, 2.0
"""Who appears at the edge of the view has most likely just come in, unless they walk towards it, so many face sizes a
second."""
BACK_COST = 2.0
"""Who was hidden seldom comes out where they went in, the other way round."""
WALKING_PER_S, STANDING_PER_S = 0.4, 1.15
"""For each second in hiding, if they walked on as before and after, and if they may have stood or turned."""

Floats = npt.NDArray[np.float64]
View = tuple[int, int]


def stitch(
    tracks: Sequence[Track], now_s: float, view: View | None, bridge_s: float, decide_all: bool = False
) -> list[tuple[Track, Track]]:
    """Pairs of a lost track and the one that goes on it; marks all that are decided upon as settled.

    ``bridge_s``: longest gap between the two in seconds. ``decide_all``: those too that have only just begun.
    """
    young = [track for track in tracks if not track.settled]
    if not young or view is None:
        for track in young:
            track.settled = True
        return []
    ripe = [decide_all or now_s - track.started_s >= RIPE_S for track in young]
    lost = [track for track in tracks if track.settled and track.seen_s < now_s]
    pairs: list[tuple[Track, Track]] = []
    if any(ripe) and lost:
        costs = np.array([[cost(old, new, view, bridge_s) for new in young] for old in lost])
        _, columns, _ = lap.lapjv(costs, extend_cost=True, cost_limit=ACCEPTED)
        found = [(row, column) for row, column in enumerate(columns.tolist()) if column >= 0 and ripe[column]]
        pairs = [(lost[row], young[column]) for row, column in found]
    for track, decided in zip(young, ripe, strict=True):
        track.settled = track.settled or decided
    return pairs


def cost(old: Track, new: Track, view: View, bridge_s: float) -> float:
    """What it costs to take the new track for the old one gone on; from ACCEPTED on, too much."""
    gap_s = new.started_s - old.seen_s
    if not 0 < gap_s <= bridge_s:
        return 2 * ACCEPTED
    size = float(np.sqrt(old.size * new.first_size))
    moved = (new.first_place - old.position) / size
    away, ahead = old.velocity / size * gap_s, new.first_velocity / size * gap_s
    unsure = PLACE + PLACE_PER_S * gap_s
    walked = (float(np.hypot(*(moved - (away + ahead) / 2))) / unsure) ** 2 + WALKING_PER_S * gap_s
    # Or they stopped at any time: the ways that may have been gone are lines from where they stood.
    off = min(_off(moved, way) for way in (away, ahead, (away + ahead) / 2))
    turned = BACK_COST * min(gap_s, 1.0) if away @ ahead < 0 else 0.0
    stood = (off / unsure) ** 2 + turned + STANDING_PER_S * gap_s
    growth = (np.log(new.first_size / old.size) / (SIZE + SIZE_PER_S * gap_s)) ** 2
    edge = EDGE_COST if comes_in(new, view) else 0.0
    return float(min(walked, stood) + growth + edge + look_cost(old, new))


def look_cost(old: Track, new: Track) -> float:
    """What the clothes say."""
    if old.look is None or new.look is None:
        return UNKNOWN_COST
    unlike = difference(old.look, new.look)
    return min(LIKE_COST * (1 - unlike / LIKE), UNLIKE_COST)


def comes_in(track: Track, view: View) -> bool:
    """Whether a track began less than a face from the left or right edge, and did not walk towards it."""
    x, speed, size = track.first_place[0], track.first_velocity[0] / track.first_size, track.first_size
    return bool((x < size and speed > -LEAVES) or (x > view[0] - size and speed < LEAVES))


def _off(moved: Floats, way: Floats) -> float:
    """Distance from a place to the line from 0 to the end of the way."""
    length = float(way @ way)
    along = 0.0 if length < 1e-9 else min(max(float(moved @ way) / length, 0.0), 1.0)
    return float(np.hypot(*(moved - along * way)))
