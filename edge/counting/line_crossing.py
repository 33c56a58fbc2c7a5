"""From a track's path to its passage: in, out or neither, time in the zone, staff. Read it from top to bottom.

A face that was clearly on one side of the line and later clearly on the other has crossed, if its way went between the
line's two points. *Clearly* is by a share of the face's own size, so that one rule fits near and far faces; in the band
between nothing is decided. Crossings inwards and outwards cancel each other: a person who comes in and turns round has
a visit without a direction. If a face disappears in mid-view while the person walks, we assume that the person walked
on for a moment (the head was turned away, or somebody nearer hid it); and in the same way before a face that appears in
mid-view. A zone is crossed only by what was seen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from math import hypot, inf

from edge.config.entrance import Entrance, Point
from edge.counting.boundary import Boundary, Line, Size, Zone, boundary_of
from edge.counting.visit import Direction, Visit
from edge.vision.detection import Detection

STAFF_SHARE = 0.5
"""A track belongs to staff if it spends more than this share of its time in the staff zone."""
HIDDEN_S = 0.6
"""For this many seconds a walking person who disappears is assumed to walk on."""
MIN_WALKING_SPEED = 1.5
"""From this speed on (face sizes a second) a person walks."""
END_POINTS = 6
"""Number of points from which the speed at each end of a path is measured."""


@dataclass(frozen=True)
class Passage:
    """Where a track went, and what follows from it.

    Attributes:
        direction: the sum of its crossings; None if there were none, or if they cancel each other.
        zone_s: seconds in the zone; None if no zone is drawn.
        staff: whether it is staff, by the staff zone.
        began: the first place of the face's centre, and ``ended``, the last, as fractions of the frame.
    """

    direction: Direction | None
    zone_s: float | None
    staff: bool
    began: Point
    ended: Point


def with_passage(visit: Visit, passage: Passage) -> Visit:
    """The visit with the passage's direction and its time in the zone."""
    return replace(visit, direction=passage.direction, zone_s=passage.zone_s)


class CrossingDetector:
    """Follows the paths of all tracks, and decides the passage of each when it ends."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._paths: dict[int, _Path] = {}
        self._size: Size = (0, 0)
        self._boundary: Boundary | None = None
        self._staff_zone: Zone | None = None

    def observe(self, track_id: int, face: Detection, time_s: float, size: Size) -> None:
        """Take in that a track was seen as ``face`` at ``time_s`` (seconds), in a frame of ``size`` pixels."""
        if size != self._size:
            self._size = size
            self._boundary = boundary_of(self._entrance, size)
            self._staff_zone = Zone.of(self._entrance.staff_zone, size) if self._entrance.staff_zone else None
        depth = self._boundary.depth(face.centre) if self._boundary else 0.0
        staff_depth = self._staff_zone.depth(face.centre) if self._staff_zone else -1.0
        here = _PathPoint(face.centre, time_s, depth, staff_depth, face.size)
        path = self._paths.get(track_id)
        if path is None:
            path = self._paths[track_id] = _Path(here, here)
        path.continue_with(here, self._boundary, margin=self._entrance.hysteresis * face.size)

    def join(self, earlier: int, later: int) -> None:
        """The later track is the same face: it becomes part of the earlier one."""
        self._paths[earlier].join(self._paths.pop(later), self._boundary)

    def end(self, track_id: int) -> Passage:
        """The passage of a track that has ended. It is forgotten afterwards."""
        path = self._paths.pop(track_id)
        # A crossing that was seen counts. Only if there is none, the hidden steps at both ends are guessed.
        net = path.net or (self._with_hidden_ends(path, self._boundary).net if self._boundary else 0)
        direction: Direction | None = None if net == 0 else "in" if net > 0 else "out"
        lasted_s = path.last.time_s - path.first.time_s
        staff = path.first.staff_depth >= 0 or path.staff_s > STAFF_SHARE * lasted_s
        zone_s = path.inside_s if self._entrance.zone else None
        return Passage(direction, zone_s, staff, self._fractions(path.first.place), self._fractions(path.last.place))

    def _with_hidden_ends(self, path: _Path, boundary: Boundary) -> _Path:
        """The path with the unseen steps before and after it."""
        whole = path
        before = _extrapolated(path.first_points, -HIDDEN_S, boundary, self._size)
        if before is not None:
            whole = _Path(before, before)
            whole.continue_with(before, boundary, self._entrance.hysteresis * before.size)
            whole.join(path, boundary)
        after = _extrapolated(list(path.last_points), HIDDEN_S, boundary, self._size)
        if after is not None:
            whole.continue_with(after, boundary, self._entrance.hysteresis * after.size)
        return whole

    def _fractions(self, place: Point) -> Point:
        return place[0] / self._size[0], place[1] / self._size[1]


@dataclass(frozen=True)
class _PathPoint:
    """The centre of a face in pixels, with its time, and how far inside the boundary and the staff zone it is."""

    place: Point
    time_s: float
    depth: float
    staff_depth: float
    size: float


def _extrapolated(points: list[_PathPoint], after_s: float, boundary: Boundary, size: Size) -> _PathPoint | None:
    """Where a person was so many seconds after these points (before them, if negative). None if the person stood still,
    or has left the frame: a person who left is not hidden.
    """
    end, other = (points[0], points[-1]) if after_s < 0 else (points[-1], points[0])
    elapsed = end.time_s - other.time_s
    if not elapsed or not isinstance(boundary, Line):
        return None
    speed = [(a - b) / elapsed for a, b in zip(end.place, other.place, strict=True)]
    if hypot(*speed) < MIN_WALKING_SPEED * end.size:
        return None
    place = end.place[0] + after_s * speed[0], end.place[1] + after_s * speed[1]
    if not (0 <= place[0] < size[0] and 0 <= place[1] < size[1]):
        return None
    return replace(end, place=place, time_s=end.time_s + after_s, depth=boundary.depth(place))


@dataclass
class _Path:
    """The path of a track so far."""

    first: _PathPoint
    last: _PathPoint
    side: int = 0
    """Side on which the face was last clearly seen: 1 inside, -1 outside, 0 neither yet."""
    passes: int = 0
    """Number of passes of the boundary since then, inwards less outwards."""
    net: int = 0
    """Number of crossings inwards less crossings outwards."""
    inside_s: float = 0.0
    staff_s: float = 0.0
    first_points: list[_PathPoint] = field(default_factory=list)
    last_points: deque[_PathPoint] = field(default_factory=lambda: deque(maxlen=END_POINTS))
    first_side: int = 0
    """Side on which the face was first clearly seen; ``early`` is the number of passes before that."""
    early: int = 0

    def join(self, later: _Path, boundary: Boundary | None) -> None:
        """Continue with a later path of the same face."""
        # Up to its first point nothing is decided; after that its own decisions count.
        self.continue_with(later.first, boundary, margin=inf)
        self.passes += later.early
        if not self.first_side:
            self.early = self.passes
        if later.first_side:
            self._reach_side(later.first_side)
            self.net, self.side, self.passes = self.net + later.net, later.side, later.passes
        self.inside_s, self.staff_s = self.inside_s + later.inside_s, self.staff_s + later.staff_s
        self.last, self.last_points = later.last, later.last_points

    def continue_with(self, here: _PathPoint, boundary: Boundary | None, margin: float) -> None:
        elapsed = here.time_s - self.last.time_s
        # Half of the time counts for a step over the edge.
        self.inside_s += elapsed * ((self.last.depth >= 0) + (here.depth >= 0)) / 2
        self.staff_s += elapsed * ((self.last.staff_depth >= 0) + (here.staff_depth >= 0)) / 2
        if boundary is not None:
            self._cross(here, boundary, margin)
        self.last = here
        self.last_points.append(here)
        if len(self.first_points) < END_POINTS:
            self.first_points.append(here)

    def _cross(self, here: _PathPoint, boundary: Boundary, margin: float) -> None:
        side = 1 if here.depth >= 0 else -1
        if (self.last.depth >= 0) != (here.depth >= 0) and boundary.is_passed(self.last.place, here.place):
            self.passes += side
        if self.first_side == 0:
            self.early = self.passes
        if abs(here.depth) >= margin:
            self._reach_side(side)

    def _reach_side(self, side: int) -> None:
        """Take in that the face is clearly on that side."""
        if self.side == -side:
            self.net += (self.passes > 0) - (self.passes < 0)
        self.first_side = self.first_side or side
        self.side, self.passes = side, 0
