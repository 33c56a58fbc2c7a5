"""[dashboard]: the local web pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from edge.config.section import Section

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]


class Dashboard(Section):
    """Where the dashboard listens, and who may open it."""

    host: str = Field(
        "127.0.0.1", title="Address",
        description="Address to listen on. The default is loopback, which only this device can reach. Any other address"
        " needs a password.",
        min_length=1,
    )  # fmt: skip
    port: int = Field(8000, title="Port", description="TCP port to listen on; 0 picks a free one.", ge=0, le=65535)
    password_file: Path | None = Field(
        None, title="Password",
        description="File with the hash of the password, written by `maitred dashboard --set-password`.",
    )  # fmt: skip
    token_file: Path | None = Field(
        None, title="Token",
        description="File with a token of 32 characters or more. Programs that send it, such as Prometheus, may read"
        " everything.",
    )  # fmt: skip
    names: tuple[HostName, ...] = Field(
        (), title="Names",
        description="Host names under which browsers may open it, in addition to its addresses and the device's own"
        " name.",
        min_length=0, max_length=20,
    )  # fmt: skip
    https: bool = Field(
        False, title="HTTPS",
        description="Set this if a server on this device stands in front of the dashboard and speaks TLS: then browsers"
        " send the session cookie over TLS only.",
    )  # fmt: skip
    session_hours: int = Field(
        168, title="Session", description="Hours after which the password is asked for again.", ge=1, le=8760
    )

    @model_validator(mode="after")
    def _guarded(self) -> Dashboard:
        if self.password_file is None and (self.token_file is not None or self.https):
            raise ValueError("token_file and https need a password_file")
        return self
