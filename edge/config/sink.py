"""[sink]: which way events leave the device."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from edge.config.section import Section
from edge.system import plugins


class Sink(Section):
    """The sink that the outbox is emptied to."""

    name: str = Field(
        "", title="Sink",
        description="`https`, `mqtt`, or a sink that an installed package offers. Empty: the endpoint of `[uplink]` if"
        " there is one, else the broker of `[mqtt]`.",
    )  # fmt: skip
    options: dict[str, Any] = Field(
        {}, title="Options", description="A table of its own, `[sink.options]`, for a sink of an installed package."
    )

    @field_validator("name")
    @classmethod
    def _installed(cls, value: str) -> str:
        if value and value not in plugins.installed(plugins.SINKS):
            raise ValueError(plugins.unknown(plugins.SINKS, value))
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> Sink:
        if self.options and not self.name:
            raise ValueError("options need the name of the sink that they are for")
        if self.options and not self.plugin:
            raise ValueError(f"{self.name} takes no options: [uplink] and [mqtt] are what it is set by")
        return self

    @property
    def plugin(self) -> str:
        """Name of the plug-in that events go to; empty if they take one of the shipped ways, or none."""
        return "" if self.name in plugins.SHIPPED[plugins.SINKS] else self.name
