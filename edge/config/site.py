"""[site]: which restaurant and which device is counting."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from edge.config.section import Section


class Site(Section):
    """Names that appear in cloud events, and the local time."""

    name: str = Field(
        "restaurant", title="Site", description="Name of the restaurant, as it appears in cloud events.",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
    )  # fmt: skip
    device: str = Field(
        "door", title="Device", description="Name of this device, unique within the site.",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
    )  # fmt: skip
    timezone: str = Field(
        "", title="Time zone",
        description="IANA name such as Europe/Paris; it decides when a day begins. Empty: the system's time zone.",
    )  # fmt: skip

    trust_clock: bool = Field(
        False, title="Trust the clock",
        description="Close windows and send them even if no time server has set the clock. For a device without a"
        " network whose clock is set by hand or has a battery.",
    )  # fmt: skip

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value == "localtime":  # on Debian a link to /etc/localtime, which `maitred provision` sets from this value
            raise ValueError("localtime is not a time zone; use an IANA name such as Europe/Paris")
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(f"no such time zone: {value!r}; use an IANA name such as Europe/Paris") from error
        return value

    @property
    def zone(self) -> tzinfo | None:
        """The time zone for ``datetime.fromtimestamp``; None stands for the system's local zone."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def source(self) -> str:
        """The ``source`` of this device in CloudEvents."""
        return f"maitred/{self.name}/{self.device}"
