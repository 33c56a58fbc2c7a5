"""The people of the demo clip: who they are, and when and where they walk."""

from __future__ import annotations

from dataclasses import dataclass

from edge.counting.visit import Direction
from training.rendering.average_face import FaceSelection
from training.rendering.person import PersonStyle
from training.rendering.trajectory import Trajectory


@dataclass(frozen=True)
class CastMember:
    """Somebody in the clip: whose faces are averaged, how the person is drawn, and the path through the room."""

    faces: FaceSelection
    style: PersonStyle
    trajectory: Trajectory
    direction: Direction | None = "in"


# From the street through the door, towards the camera, and out of the frame on the left.
ENTER_LEFT = Trajectory(
    (
        (0.0, -1.6, 6.9),
        (1.2, -0.25, 6.2),
        (2.0, 0.0, 5.4),
        (4.4, 0.0, 2.8),
        (5.9, -0.18, 1.55),
        (6.6, -0.42, 1.2),
        (7.4, -1.1, 1.0),
    )
)
ENTER_RIGHT = Trajectory(
    (
        (0.0, 1.9, 6.9),
        (1.2, 0.6, 6.2),
        (2.0, 0.4, 5.4),
        (4.4, 0.3, 2.8),
        (5.9, 0.22, 1.55),
        (6.6, 0.44, 1.2),
        (7.4, 1.1, 1.0),
    )
)
# Children are below the camera: they leave under the frame's edge.
CHILD_RIGHT = Trajectory(
    ((0.0, 2.4, 6.9), (1.2, 0.9, 6.2), (2.0, 0.65, 5.4), (4.6, 0.62, 2.9), (6.0, 0.55, 2.0), (7.6, 0.9, 1.2))
)
ACROSS = Trajectory(((0.0, -2.2, 3.1), (2.6, -0.7, 2.7), (4.6, 0.6, 2.6), (7.2, 2.2, 3.0)))

DEMO_CAST = (
    CastMember(
        FaceSelection("male", 35, 39, "white"),
        PersonStyle(1.80, "short", (92, 66, 44), "shirt", (76, 112, 92), (74, 64, 56), 1.06),
        ENTER_LEFT,
    ),
    CastMember(
        FaceSelection("female", 20, 24, "black"),
        PersonStyle(1.66, "afro", (38, 28, 24), "dress", (226, 168, 60), (0, 0, 0), 0.9),
        ENTER_RIGHT.shifted(5.0),
    ),
    CastMember(
        FaceSelection("female", 43, 49),
        PersonStyle(1.68, "bob", (104, 66, 40), "jacket", (120, 84, 130), (50, 46, 58), 0.92),
        ENTER_LEFT.shifted(10.0, aside=-0.15),
    ),
    CastMember(
        FaceSelection("female", 5, 8),
        PersonStyle(1.20, "pigtails", (110, 72, 42), "dress", (214, 92, 110), (0, 0, 0)),
        CHILD_RIGHT.shifted(10.2),
    ),
    CastMember(
        FaceSelection("female", 28, 32, "asian"),
        PersonStyle(1.62, "long", (30, 26, 26), "shirt", (184, 60, 66), (52, 54, 66), 0.88),
        ACROSS.shifted(31.6),
        direction=None,
    ),
    CastMember(
        FaceSelection("male", 25, 29, "indian"),
        PersonStyle(1.75, "short", (30, 26, 28), "jacket", (58, 70, 96), (44, 48, 60)),
        ENTER_RIGHT.shifted(16.0),
    ),
    CastMember(
        FaceSelection("female", 66, 74),
        PersonStyle(1.60, "curls", (206, 198, 188), "dress", (74, 110, 150), (0, 0, 0), 0.95),
        ENTER_LEFT.shifted(21.0),
    ),
    CastMember(
        FaceSelection("male", 50, 60, "black"),
        PersonStyle(1.78, "receding", (60, 56, 56), "jacket", (104, 88, 72), (60, 56, 58), 1.06),
        ENTER_RIGHT.shifted(26.0),
    ),
    CastMember(
        FaceSelection("male", 70, 79),
        PersonStyle(1.71, "bald", (196, 192, 188), "shirt", (150, 150, 120), (84, 78, 72), 1.02),
        ENTER_LEFT.shifted(31.2, aside=-0.15),
    ),
    CastMember(
        FaceSelection("male", 8, 12),
        PersonStyle(1.36, "fringe", (120, 84, 48), "shirt", (72, 142, 190), (70, 74, 92)),
        CHILD_RIGHT.shifted(31.4),
    ),
)
