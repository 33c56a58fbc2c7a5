"""How well the camera sees each face at a moment: the truth that a tracker is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.rendering.canvas import PinholeCamera
from training.rendering.demo_scene import SMALLEST_FACE, Patron
from training.rendering.person import Box, Pose
from training.rendering.room import visible_past_wall

MAX_CLEAR_YAW, MAX_VISIBLE_YAW = np.radians(45), np.radians(75)
"""A face that is turned aside by less than the first angle is clear; beyond the second it is not visible."""
MAX_CLEAR_COVER, MAX_VISIBLE_COVER = 0.25, 0.7
"""A face covered by people nearer by less than the first share is clear; beyond the second it is not visible."""


@dataclass(frozen=True)
class VisibleFace:
    """A face on the frame.

    ``clear`` is False for a face that is cut by the frame, far away, turned aside or half covered. Missing such a face
    is no error.
    """

    patron: Patron
    box: Box
    clear: bool


def visible_faces(patrons: Sequence[Patron], camera: PinholeCamera, t: float) -> list[VisibleFace]:
    """The faces that the camera could see at ``t`` seconds, in the order of the patrons."""
    present = [(patron, pose) for patron in patrons if (pose := patron.trajectory.pose(t)) is not None]
    faces = [_visible_face(patron, pose, present, camera) for patron, pose in present]
    return [visible for visible in faces if visible is not None]


def _visible_face(
    patron: Patron, pose: Pose, present: Sequence[tuple[Patron, Pose]], camera: PinholeCamera
) -> VisibleFace | None:
    box = patron.person.face_box(camera, pose)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    if (
        abs(pose.yaw) >= MAX_VISIBLE_YAW
        or not visible_past_wall(pose.x, pose.z)
        or not (0 <= x < camera.width and 0 <= y < camera.height)
    ):
        return None
    nearer = [other.person.covered_boxes(camera, at) for other, at in present if at.z < pose.z]
    covered = sum(box.covered_by(part) for parts in nearer for part in parts)
    if covered >= MAX_VISIBLE_COVER:
        return None
    clear = (
        abs(pose.yaw) <= MAX_CLEAR_YAW
        and covered <= MAX_CLEAR_COVER
        and box.width >= SMALLEST_FACE
        and box.inside(camera)
    )
    return VisibleFace(patron, box, bool(clear))
