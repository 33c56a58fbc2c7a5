"""[dashboard]: the local web pages."""

from __future__ import annotations

from pydantic import Field

from edge.config.section import Section


class Dashboard(Section):
    """Where the dashboard listens."""

    host: str = Field(
        "127.0.0.1", title="Address",
        description="Address to listen on. Loopback by default: only this device can look.",
        min_length=1,
    )  # fmt: skip
    port: int = Field(8000, title="Port", description="TCP port to listen on; 0 takes a free one.", ge=0, le=65535)
