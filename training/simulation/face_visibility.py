"""How well the camera sees a patron's face at a moment: the truth that a tracker is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.rendering.canvas import View
from training.rendering.demo_scene import SMALLEST_FACE, Patron
from training.rendering.person import Box, Pose
from training.rendering.room import in_doorway

FACING, TURNED = np.radians(45), np.radians(75)
"""A face that is turned aside by less is in plain sight, by more is none."""
COVERED, HIDDEN = 0.25, 0.7
"""A face of which somebody nearer covers less is in plain sight, more is out of it."""


@dataclass(frozen=True)
class Sight:
    """A face on the frame.

    Not ``plain`` is one that is cut by the frame, far, turned aside or half covered: missing it is no error.
    """

    patron: Patron
    box: Box
    plain: bool


def sights(patrons: Sequence[Patron], view: View, t: float) -> list[Sight]:
    """The faces that the camera could see at ``t`` seconds, in the order of the patrons."""
    present = [(patron, pose) for patron in patrons if (pose := patron.walk.pose(t)) is not None]
    seen = [_sight(patron, pose, present, view) for patron, pose in present]
    return [sight for sight in seen if sight is not None]


def _sight(patron: Patron, pose: Pose, present: Sequence[tuple[Patron, Pose]], view: View) -> Sight | None:
    box = patron.figure.face(view, pose)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    if abs(pose.yaw) >= TURNED or not in_doorway(pose.x, pose.z) or not (0 <= x < view.width and 0 <= y < view.height):
        return None
    nearer = [other.figure.parts(view, at) for other, at in present if at.z < pose.z]
    covered = sum(box.covered_by(part) for parts in nearer for part in parts)
    if covered >= HIDDEN:
        return None
    plain = abs(pose.yaw) <= FACING and covered <= COVERED and box.width >= SMALLEST_FACE and box.inside(view)
    return Sight(patron, box, bool(plain))
