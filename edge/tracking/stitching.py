"""Joining two tracks of one person who was hidden, or had turned away, for some seconds.

The tracker follows faces from frame to frame and starts a new track where it would have to guess. The guess is made
here, a moment later, when it is clear how the new face moves, how large it is and what its owner wears: all new tracks
that may continue an earlier one are matched with the earlier ones at the least total cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import lap
import numpy as np

from edge.tracking.clothing import difference

if TYPE_CHECKING:
    from edge.tracking.track import Float64Array, Track

DECIDE_AFTER_S = 0.4
"""Seconds after its first detection at which it is decided whether a track continues another."""
COST_LIMIT = 5.5
"""From this cost on, two tracks are two people. Costs are about twice a negative log-likelihood ratio."""
PLACE, PLACE_PER_S = 0.5, 0.4
"""Standard deviation of the distance from the expected path at which a person reappears, in face sizes: at once, and
the increase for each second."""
SIZE, SIZE_PER_S = 0.16, 0.05
"""The same for the logarithm of the face's size."""
LIKE, LIKE_COST, UNLIKE_COST, UNKNOWN_COST = 0.2, -2.0, 6.0, 1.5
"""Clothes that differ by the first number are as often of one person as of two. Then: the cost of equal clothes, the
highest cost of different ones, and the cost if the clothes of one are not known."""
EDGE_COST, LEAVES = 4.0, 2.0
"""A person who appears at the edge of the view has most likely just come in, unless the person walks towards that edge
faster than this (face sizes a second)."""
BACK_COST = 2.0
"""A hidden person seldom comes out where the person went in, walking the other way."""
WALKING_PER_S, STANDING_PER_S = 0.4, 1.15
"""Cost of each hidden second: if the person walked on at the speeds seen before and after, and if the person may have
stopped or turned."""

View = tuple[int, int]


def stitch(
    tracks: Sequence[Track], now_s: float, view: View | None, bridge_s: float, decide_all: bool = False
) -> list[tuple[Track, Track]]:
    """Pairs of a lost track and the track that continues it. Every track that was decided upon is marked as settled.

    ``bridge_s`` is the longest gap between the two, in seconds. With ``decide_all``, tracks that have only just begun
    are decided, too.
    """
    young = [track for track in tracks if not track.settled]
    if not young or view is None:
        for track in young:
            track.settled = True
        return []
    decidable = [decide_all or now_s - track.started_s >= DECIDE_AFTER_S for track in young]
    lost = [track for track in tracks if track.settled and track.seen_s < now_s]
    pairs: list[tuple[Track, Track]] = []
    if any(decidable) and lost:
        costs = np.array([[cost(old, new, view, bridge_s) for new in young] for old in lost])
        _, columns, _ = lap.lapjv(costs, extend_cost=True, cost_limit=COST_LIMIT)
        found = [(row, column) for row, column in enumerate(columns.tolist()) if column >= 0 and decidable[column]]
        pairs = [(lost[row], young[column]) for row, column in found]
    for track, decided in zip(young, decidable, strict=True):
        track.settled = track.settled or decided
    return pairs


def cost(old: Track, new: Track, view: View, bridge_s: float) -> float:
    """Cost of taking the new track for a continuation of the old one; from COST_LIMIT on they are two people."""
    gap_s = new.started_s - old.seen_s
    if not 0 < gap_s <= bridge_s:
        return 2 * COST_LIMIT
    size = float(np.sqrt(old.size * new.first_size))
    moved = (new.first_place - old.position) / size
    away, ahead = old.velocity / size * gap_s, new.first_velocity / size * gap_s
    unsure = PLACE + PLACE_PER_S * gap_s
    walked = (float(np.hypot(*(moved - (away + ahead) / 2))) / unsure) ** 2 + WALKING_PER_S * gap_s
    # Or the person stopped at some time: the possible paths are lines from the last place.
    off = min(_off(moved, way) for way in (away, ahead, (away + ahead) / 2))
    turned = BACK_COST * min(gap_s, 1.0) if away @ ahead < 0 else 0.0
    stood = (off / unsure) ** 2 + turned + STANDING_PER_S * gap_s
    growth = (np.log(new.first_size / old.size) / (SIZE + SIZE_PER_S * gap_s)) ** 2
    edge = EDGE_COST if comes_in(new, view) else 0.0
    return float(min(walked, stood) + growth + edge + clothing_cost(old, new))


def clothing_cost(old: Track, new: Track) -> float:
    """The part of the cost that comes from the clothes."""
    if old.clothing is None or new.clothing is None:
        return UNKNOWN_COST
    unlike = difference(old.clothing, new.clothing)
    return min(LIKE_COST * (1 - unlike / LIKE), UNLIKE_COST)


def comes_in(track: Track, view: View) -> bool:
    """Whether a track began less than a face from the left or right edge, and did not walk towards it."""
    x, speed, size = track.first_place[0], track.first_velocity[0] / track.first_size, track.first_size
    return bool((x < size and speed > -LEAVES) or (x > view[0] - size and speed < LEAVES))


def _off(moved: Float64Array, way: Float64Array) -> float:
    """Distance from a place to the line from 0 to the end of the way."""
    length = float(way @ way)
    along = 0.0 if length < 1e-9 else min(max(float(moved @ way) / length, 0.0), 1.0)
    return float(np.hypot(*(moved - along * way)))
