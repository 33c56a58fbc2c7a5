"""[uplink]: the way to the cloud."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from edge.config.section import Section
from edge.system.redaction import flaw, without_secrets


class Uplink(Section):
    """Delivery of closed windows to an HTTP endpoint."""

    url: str = Field(
        "", title="Endpoint", description="https:// address that receives the events. Empty: nothing is sent there."
    )
    secret_file: Path | None = Field(
        None, title="Secret",
        description="File with the Standard Webhooks signing secret (whsec_…), readable by the agent only."
        " None: the systemd credential uplink-secret.",
    )  # fmt: skip
    ca_file: Path | None = Field(
        None, title="Authority",
        description="Certificates (PEM) of the authorities to trust for the endpoint. None: those of the system.",
    )  # fmt: skip
    batch: int = Field(
        100, title="Batch",
        description="At most this many waiting events are sent in one request. 1: one request for each event.",
        ge=1, le=1000,
    )  # fmt: skip
    gzip: bool = Field(
        True,
        title="Compression",
        description="Compress requests of more than 1 KB, unless the endpoint refuses compression.",
    )
    timeout_s: float = Field(
        10.0, title="Time-out", description="Seconds to wait for the endpoint's answer.", ge=1, le=120
    )
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
        except ValueError:  # half an IPv6 address, or a port that is not a number
            sound = False
        if value and not sound:
            raise ValueError(flaw(value) or f"{without_secrets(value)!r} is not an http(s) address")
        return value
