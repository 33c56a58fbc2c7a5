"""[detection]: how faces are found."""

from __future__ import annotations

from pydantic import Field

from edge.config.section import Section


class Detection(Section):
    """The face detector."""

    model: str = Field("face", title="Model", description="Name of a shipped bundle, or the path of one.", min_length=1)
    threads: int = Field(2, title="Threads", description="Interpreter threads of the detector.", ge=1, le=8)
    min_score: float = Field(
        0.6, title="Score", description="Faces below this detector score do not start a track.", ge=0.1, le=0.99
    )
    min_face_px: int = Field(
        24,
        title="Smallest face",
        description="Height in pixels of the smallest face that is looked for.",
        ge=16,
        le=400,
    )
    tiles_per_frame: int = Field(
        3, title="Tiles",
        description="How many times the detector may run on parts of a live frame, around known faces and where"
        " something moves, in addition to its run on the whole view.",
        ge=1, le=64,
    )  # fmt: skip
