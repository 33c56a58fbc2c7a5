"""[uplink]: the way to the cloud."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from edge.config.section import Section


class Uplink(Section):
    """Delivery of closed windows to an HTTP endpoint."""

    url: str = Field(
        "", title="Endpoint", description="https:// address that receives the events. Empty: nothing leaves the device."
    )
    secret_file: Path | None = Field(
        None, title="Secret",
        description="File with the Standard Webhooks signing secret (whsec_…), readable by the agent only.",
    )  # fmt: skip
    timeout_s: float = Field(10.0, title="Time-out", description="Seconds to wait for the endpoint.", ge=1, le=120)
    max_backoff_s: float = Field(
        900.0,
        title="Longest pause",
        description="Upper bound in seconds of the growing pause between retries.",
        ge=1,
        le=86400,
    )

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # half an IPv6 address, a port that is none
            sound = False
        if value and not sound:
            raise ValueError(f"{value!r} is no http(s) address")
        return value

    @model_validator(mode="after")
    def _signed(self) -> Uplink:
        if self.url and self.secret_file is None:
            raise ValueError("an endpoint needs secret_file, the file with its signing secret (whsec_…)")
        return self
