"""[mqtt]: the way to a broker."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from edge.config.section import Section

TOPIC = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,7}$"


class Mqtt(Section):
    """An MQTT 5 broker, and how to log in to it."""

    host: str = Field(
        "", title="Broker", description="Host name or address of the broker. Empty: no MQTT.",
        pattern=r"^[A-Za-z0-9._:%-]{0,253}$",
    )  # fmt: skip
    port: int = Field(8883, title="Port", description="TCP port; brokers without TLS use 1883.", ge=1, le=65535)
    tls: bool = Field(
        True, title="TLS", description="Encrypt the connection and verify the broker's certificate and name."
    )
    ca_file: Path | None = Field(
        None, title="Authority",
        description="Certificates (PEM) of the authority to trust, instead of the system's.",
    )  # fmt: skip
    username: str = Field("", title="User", description="User name at the broker. Empty: none.")
    password_file: Path | None = Field(
        None, title="Password",
        description="File with the password, readable by the agent only, or a systemd credential.",
    )  # fmt: skip
    topic: str = Field(
        "maitred", title="Topic",
        description="First part of all topics; site and device follow it, as in `maitred/restaurant/door/census`.",
        pattern=TOPIC,
    )  # fmt: skip
    discovery: bool = Field(
        True, title="Discovery", description="Announce the device's sensors to Home Assistant (MQTT discovery)."
    )
    discovery_topic: str = Field(
        "homeassistant",
        title="Discovery topic",
        description="Topic on which Home Assistant listens for announcements.",
        pattern=TOPIC,
    )
    keepalive_s: int = Field(
        60, title="Keep-alive",
        description="Seconds. A device that is silent for one and a half times as long is reported as offline.",
        ge=5, le=3600,
    )  # fmt: skip
    timeout_s: float = Field(
        10.0, title="Time-out", description="Seconds to wait for the broker's answers.", ge=1, le=120
    )
    max_backoff_s: float = Field(
        120.0,
        title="Longest pause",
        description="Upper bound in seconds of the growing pause between attempts to connect.",
        ge=1,
        le=86400,
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Mqtt:
        if self.password_file is not None and not self.username:
            raise ValueError("a password_file needs a username")
        if self.ca_file is not None and not self.tls:
            raise ValueError("a ca_file needs tls = true")
        return self
