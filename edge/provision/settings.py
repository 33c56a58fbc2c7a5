"""What ``maitred.toml`` on the boot partition may hold: the agent's sections, and what the device needs beside them."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TypeVar

from pydantic import Field, field_validator, model_validator

from edge.config.dashboard import Dashboard
from edge.config.mqtt import Mqtt
from edge.config.section import Section
from edge.config.settings import Settings
from edge.config.uplink import Uplink
from edge.dashboard.password import LONGEST, SHORTEST
from edge.errors import BadInput
from edge.uplink.secret import parse_secrets

Part = TypeVar("Part", bound=Section)
KEY_TYPES = (
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip


class Device(Section):
    """[device]: the device itself."""

    hostname: str = Field(
        "maitred", title="Name",
        description="Its name on the network: maitred is found as maitred.local.",
        min_length=1,
    )  # fmt: skip

    @field_validator("hostname")
    @classmethod
    def _one_label(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value.lower()):
            raise ValueError("only letters a to z, digits and hyphens between them, at most 63, without .local")
        return value.lower()


class Wifi(Section):
    """[wifi]: a wireless network."""

    ssid: str = Field(title="Network", description="Name of the network (SSID), in its exact letters.", min_length=1)
    password: str = Field(
        "", title="Password",
        description="8 to 63 characters, or 64 hexadecimal digits. Without this line: an open network.",
    )  # fmt: skip
    country: str = Field(
        title="Country",
        description="Two letters of the country the device is in, such as DE: they decide which channels are allowed.",
    )
    hidden: bool = Field(False, title="Hidden", description="Whether the network hides its name.")

    @field_validator("ssid")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value.encode()) > 32:
            raise ValueError("the name of a network has at most 32 bytes")
        return value

    @field_validator("password")
    @classmethod
    def _wpa(cls, value: str) -> str:
        length = len(value.encode())
        if value and not 8 <= length <= 63 and not re.fullmatch(r"[0-9A-Fa-f]{64}", value):
            raise ValueError(f"a Wi-Fi password has 8 to 63 characters, or is 64 hexadecimal digits; this has {length}")
        return value

    @field_validator("country")
    @classmethod
    def _two_letters(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2}", value):
            raise ValueError("the country's two letters, such as DE, FR or US")
        if value.upper() == "UK":
            raise ValueError("the United Kingdom's two letters are GB")
        return value.upper()


class Ssh(Section):
    """[ssh]: who may log in, by key."""

    authorized_key: str = Field("", title="Key", description="A public key, as id_ed25519.pub holds it: one line.")
    authorized_keys: tuple[str, ...] = Field(
        (), title="Keys", description="Several public keys.", min_length=0, max_length=20
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them."""
        return (*([self.authorized_key] if self.authorized_key else []), *self.authorized_keys)

    @field_validator("authorized_key")
    @classmethod
    def _one(cls, value: str) -> str:
        return _public_key(value) if value else value

    @field_validator("authorized_keys")
    @classmethod
    def _each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_public_key(key) for key in value)

    @model_validator(mode="after")
    def _some(self) -> Ssh:
        if not self.keys:
            raise ValueError('holds no key; write authorized_key = "ssh-ed25519 AAAA…", or delete the section')
        return self


class DeviceDashboard(Dashboard):
    """[dashboard], with the password itself."""

    password: str = Field(
        "", title="Password",
        description=f"{SHORTEST} to {LONGEST} characters. With it the dashboard opens to the local network"
        ' (`host = "0.0.0.0"`, unless another is given); its hash alone is kept.',
    )  # fmt: skip

    @field_validator("password")
    @classmethod
    def _long(cls, value: str) -> str:
        if value and not SHORTEST <= len(value) <= LONGEST:
            raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(value)}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> DeviceDashboard:
        return _either(self, "password", self.password, self.password_file)

    @model_validator(mode="after")
    def _guarded(self) -> DeviceDashboard:
        return self  # whether there is a password, now or from earlier, is looked at in edge/provision/check.py


class DeviceUplink(Uplink):
    """[uplink], with the secret itself."""

    secret: str = Field("", title="Secret", description="The endpoint's Standard Webhooks signing secret: whsec_….")

    @field_validator("secret")
    @classmethod
    def _signs(cls, value: str) -> str:
        if value:
            try:
                parse_secrets(value.encode(), "secret")
            except BadInput:
                raise ValueError("whsec_ and 24 to 64 bytes in base64, as the endpoint's page shows it") from None
        return value

    @model_validator(mode="after")
    def _one_way(self) -> DeviceUplink:
        return _either(self, "secret", self.secret, self.secret_file)


class DeviceMqtt(Mqtt):
    """[mqtt], with the password itself."""

    password: str = Field("", title="Password", description="The broker's password for username.")

    @model_validator(mode="after")
    def _one_way(self) -> DeviceMqtt:
        return _either(self, "password", self.password, self.password_file)


class DeviceSettings(Settings):
    """Everything that the file on the boot partition may hold."""

    device: Device = Field(default_factory=Device, title="Device", description="The device itself.")
    wifi: Wifi | None = Field(None, title="Wi-Fi", description="Without this section: the network cable.")
    ssh: Ssh | None = Field(
        None, title="Logging in",
        description="Who may log in over the network as maitred-admin, by key. Without this section ssh stays off.",
    )  # fmt: skip
    uplink: DeviceUplink = Field(default_factory=DeviceUplink, title="Uplink", description="The way to the cloud.")
    mqtt: DeviceMqtt = Field(default_factory=DeviceMqtt, title="MQTT", description="The way to a broker.")
    dashboard: DeviceDashboard = Field(
        default_factory=DeviceDashboard, title="Dashboard", description="The local web pages."
    )


def _either(section: Part, key: str, value: str, path: Path | None) -> Part:
    if value and path is not None:
        raise ValueError(f"{key} and {key}_file exclude each other; keep the one that is meant")
    return section


def _public_key(text: str) -> str:
    key = " ".join(text.split())
    if "PRIVATE KEY" in key:
        raise ValueError("this is the private key, which never leaves your computer; the public one ends in .pub")
    kind, _, rest = key.partition(" ")
    try:
        blob = base64.b64decode(rest.partition(" ")[0], validate=True)
        sound = kind in KEY_TYPES and blob[4 : 4 + int.from_bytes(blob[:4])] == kind.encode()
    except binascii.Error:
        sound = False
    if not sound:
        raise ValueError('no public key; it is one line such as "ssh-ed25519 AAAA… name", copied whole')
    return key
