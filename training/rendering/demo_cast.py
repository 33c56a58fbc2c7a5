"""Who walks through the demo clip, when and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.rendering.average_face import Wanted
from training.rendering.person import Look
from training.rendering.trajectory import Walk

Direction = Literal["in", "out"]


@dataclass(frozen=True)
class Role:
    """A part in the clip: whose faces make the portrait, how the patron is drawn, and the way through the room."""

    wanted: Wanted
    look: Look
    walk: Walk
    direction: Direction | None = "in"


# From the street through the door, towards the camera, and out of the frame on the left.
ENTER_LEFT = Walk(
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
ENTER_RIGHT = Walk(
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
CHILD_RIGHT = Walk(
    ((0.0, 2.4, 6.9), (1.2, 0.9, 6.2), (2.0, 0.65, 5.4), (4.6, 0.62, 2.9), (6.0, 0.55, 2.0), (7.6, 0.9, 1.2))
)
ACROSS = Walk(((0.0, -2.2, 3.1), (2.6, -0.7, 2.7), (4.6, 0.6, 2.6), (7.2, 2.2, 3.0)))

CAST = (
    Role(
        Wanted("male", 35, 39, "white"),
        Look(1.80, "short", (92, 66, 44), "shirt", (76, 112, 92), (74, 64, 56), 1.06),
        ENTER_LEFT,
    ),
    Role(
        Wanted("female", 20, 24, "black"),
        Look(1.66, "afro", (38, 28, 24), "dress", (226, 168, 60), (0, 0, 0), 0.9),
        ENTER_RIGHT.later(5.0),
    ),
    Role(
        Wanted("female", 43, 49),
        Look(1.68, "bob", (104, 66, 40), "jacket", (120, 84, 130), (50, 46, 58), 0.92),
        ENTER_LEFT.later(10.0, aside=-0.15),
    ),
    Role(
        Wanted("female", 5, 8),
        Look(1.20, "pigtails", (110, 72, 42), "dress", (214, 92, 110), (0, 0, 0)),
        CHILD_RIGHT.later(10.2),
    ),
    Role(
        Wanted("female", 28, 32, "asian"),
        Look(1.62, "long", (30, 26, 26), "shirt", (184, 60, 66), (52, 54, 66), 0.88),
        ACROSS.later(31.6),
        direction=None,
    ),
    Role(
        Wanted("male", 25, 29, "indian"),
        Look(1.75, "short", (30, 26, 28), "jacket", (58, 70, 96), (44, 48, 60)),
        ENTER_RIGHT.later(16.0),
    ),
    Role(
        Wanted("female", 66, 74),
        Look(1.60, "curls", (206, 198, 188), "dress", (74, 110, 150), (0, 0, 0), 0.95),
        ENTER_LEFT.later(21.0),
    ),
    Role(
        Wanted("male", 50, 60, "black"),
        Look(1.78, "receding", (60, 56, 56), "jacket", (104, 88, 72), (60, 56, 58), 1.06),
        ENTER_RIGHT.later(26.0),
    ),
    Role(
        Wanted("male", 70, 79),
        Look(1.71, "bald", (196, 192, 188), "shirt", (150, 150, 120), (84, 78, 72), 1.02),
        ENTER_LEFT.later(31.2, aside=-0.15),
    ),
    Role(
        Wanted("male", 8, 12),
        Look(1.36, "fringe", (120, 84, 48), "shirt", (72, 142, 190), (70, 74, 92)),
        CHILD_RIGHT.later(31.4),
    ),
)
