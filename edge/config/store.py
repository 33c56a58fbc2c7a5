"""[store]: the local database."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from edge.config.section import Section


class Store(Section):
    """Where counts are stored, and for how long."""

    path: Path = Field(
        Path("/var/lib/maitred/maitred.db"),
        title="Database",
        description="SQLite file with visits, windows and outbox.",
    )
    keep_visits_days: int = Field(
        90, title="Visits kept", description="Days after which single visits are deleted.", ge=1, le=3650
    )
    keep_windows_days: int = Field(
        1095, title="Windows kept", description="Days after which closed windows are deleted.", ge=1, le=36500
    )
    keep_outbox_days: int = Field(
        30, title="Unsent kept",
        description="Days after which an event that could not be delivered is dropped and counted.",
        ge=1, le=3650,
    )  # fmt: skip
    keep_outbox_mb: int = Field(
        64, title="Size of unsent",
        description="Megabytes that unsent events may take; beyond that, the oldest are dropped and counted.",
        ge=1, le=4096,
    )  # fmt: skip

    write_every_s: float = Field(
        75.0, title="Written every",
        description="At busy times visits are written to the database once in this many seconds, after a quiet time at"
        " once. Each write wears the card by several pages; a power cut loses the visits that were not yet written.",
        ge=0, le=600,
    )  # fmt: skip

    @model_validator(mode="after")
    def _windows_outlive_visits(self) -> Store:
        # If a window were deleted before its visits, they would look as if no window had counted them yet.
        if self.keep_windows_days < self.keep_visits_days:
            raise ValueError("keep_windows_days must not be less than keep_visits_days")
        return self
