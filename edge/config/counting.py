"""[counting]: when a face becomes a visit."""

from __future__ import annotations

from pydantic import Field

from edge.config.section import Section


class Counting(Section):
    """The tracker and the visits."""

    confirm_hits: int = Field(
        4, title="Confirmation", description="Detections a track needs before it can become a visit.", ge=1, le=60
    )
    lost_s: float = Field(
        1.5,
        title="Lost",
        description="Seconds without a detection after which a track ends; for people who are hidden, see bridge_s.",
        ge=0.2,
        le=30,
    )
    bridge_s: float = Field(
        6.0,
        title="Hidden",
        description="For so many seconds somebody who is hidden is still recognised, by place and colours of clothing.",
        ge=0,
        le=10,
    )
    min_visit_s: float = Field(
        0.5,
        title="Shortest visit",
        description="Tracks shorter than this many seconds are not counted as visits.",
        ge=0,
        le=60,
    )

    @property
    def forgotten_s(self) -> float:
        """Seconds without a detection after which a track is forgotten: a face that appears then begins a new visit."""
        return max(self.bridge_s, self.lost_s)
