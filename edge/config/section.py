"""What all sections of the configuration share: they are frozen, and refuse unknown keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class Section(BaseModel):
    """One table of the TOML file. Every field has a title, a description and bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        # A zero byte would end a path early, and a line break would forge a line of the log.
        if isinstance(value, (str, Path)) and not str(value).isprintable():
            raise ValueError("control characters are not allowed")
        return value
