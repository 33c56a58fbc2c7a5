"""[demographics]: how apparent age and gender are estimated."""

from __future__ import annotations

from pydantic import Field

from edge.config.section import Section


class Demographics(Section):
    """The age and gender model."""

    model: str = Field(
        "mobile", title="Model", description="Name of a shipped bundle, or the path of one.", min_length=1
    )
    threads: int = Field(2, title="Threads", description="Interpreter threads of the model.", ge=1, le=8)
    shots: int = Field(
        5,
        title="Shots",
        description="At most this many of a visit's best face crops are classified; their estimates are pooled.",
        ge=1,
        le=20,
    )
